package ext4

import "encoding/binary"

const (
	aclOnDisk  = 1 // the version of the form that is on the disk
	aclOfLinux = 2 // and of the one that getxattr(2) has

	aclUser  = 0x2 // the tags whose entries have an ID
	aclGroup = 0x8
	aclNoID  = ^uint32(0)
)

// linuxACL turns an ACL that is on the disk into what Linux shows: there every entry has an ID.
func linuxACL(b []byte) ([]byte, error) {
	order := binary.LittleEndian
	if len(b) < 4 || order.Uint32(b) != aclOnDisk {
		return nil, damagedf("%d bytes are no ACL", len(b))
	}
	out := order.AppendUint32(nil, aclOfLinux)
	for b = b[4:]; len(b) > 0; {
		if len(b) < 4 {
			return nil, damagedf("%d bytes are left over", len(b))
		}
		out = append(out, b[:4]...)
		tag, id := order.Uint16(b), aclNoID
		b = b[4:]
		if tag == aclUser || tag == aclGroup {
			if len(b) < 4 {
				return nil, damagedf("an entry without an ID")
			}
			id, b = order.Uint32(b), b[4:]
		}
		out = order.AppendUint32(out, id)
	}
	return out, nil
}
