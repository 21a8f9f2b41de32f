package audit

func accountRules() []Rule {
	return nil
}
