package audit

func remoteLogRules() []Rule {
	return nil
}
