package ext4

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// convertACL turns Linux's form of an access control list (version 2: tag, permissions and ID) into the one on the disk
// (version 1: an ID only where the tag has one).
func convertACL(p []byte) ([]byte, error) {
	le := binary.LittleEndian
	if len(p) < 4 || len(p)%8 != 4 {
		return nil, fmt.Errorf("an access control list of %d bytes has not whole entries", len(p))
	}
	if version := le.Uint32(p); version != 2 {
		return nil, fmt.Errorf("the access control list has version %d, not 2", version)
	}
	made := le.AppendUint32(nil, 1)
	for e := p[4:]; len(e) > 0; e = e[8:] {
		made = append(made, e[:4]...)
		switch le.Uint16(e) {
		case aclUser, aclGroup:
			made = append(made, e[4:8]...)
		case 0x01, 0x04, 0x10, 0x20:
		default:
			return nil, errors.New("the access control list has an entry of an unknown kind")
		}
	}
	return made, nil
}
