package audit

func metadataRules() []Rule {
	return nil
}
