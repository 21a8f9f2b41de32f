package audit

import "strings"

func metadataRules() []Rule {
	return []Rule{
		{
			ID: "META", Title: "the image says what it is and whose", Severity: Warning, Sources: []string{"G7"},
			Advice: "Say what it is and whom to ask: `ami-modify AMI --description TEXT --tag Contact=ADDRESS`.",
			check:  checkMetadata,
		},
		{
			ID: "ENCRYPT", Title: "an image that is to be public has no encrypted volumes", Severity: Error, Sources: []string{"PUBLIC"},
			Advice: "Register the image with volumes that are not encrypted, or share it with accounts by their IDs.",
			check: func(p *probe) {
				if p.image.Meta == nil {
					return
				}
				for _, device := range p.image.Meta.EncryptedVolumes {
					p.find(Error, "", 0, "the volume %s is encrypted: the image cannot be made public", device)
				}
			},
		},
		{
			ID: "PRODUCT", Title: "an image that is to be public has no product codes", Severity: Error, Sources: []string{"PUBLIC"},
			Advice: "Share the image with accounts by their IDs: one with product codes cannot be public.",
			check: func(p *probe) {
				if p.image.Meta == nil {
					return
				}
				for _, code := range p.image.Meta.ProductCodes {
					p.find(Error, "", 0, "it has the product code %s: the image cannot be made public", code)
				}
			},
		},
	}
}

func checkMetadata(p *probe) {
	m := p.image.Meta
	if m == nil {
		return
	}
	if strings.TrimSpace(m.Description) == "" {
		p.find(Warning, "", 0, "the image has no description: others see an account's ID only")
	}
	for key := range m.Tags {
		switch strings.ToLower(key) {
		case "contact", "owner", "maintainer", "support", "email":
			return
		}
	}
	p.find(Info, "", 0, "no tag says whom to ask about the image: Contact, Owner, Maintainer or Support")
}
