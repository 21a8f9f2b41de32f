package auditreport

import (
	"bytes"
	"encoding/json"
)

// Marshal returns v, a report or its SARIF, as JSON for people to read, too. Paths have & and < in them, and this is no
// web page.
func Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return b.Bytes(), err
}
