package regions

import "testing"

func TestParseValue(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"string", `"x"`, ""},
		{"large number", `1e999`, ""},
		{"nested", `{"a": [{"b": null}, {"b": false}], "c": {"a": []}}`, ""},
		{"nothing", "", "line 1: unexpected end of JSON input"},
		{"not ended", "{\n\"a\": [\n", "line 3: unexpected end of JSON input"},
		{"two values", "{}\n{}", "line 2: invalid character '{' after top-level value"},
		{"comma at the end", "[1,\n]", "line 2: invalid character ']'"},
		{"comment", "{} // none", "line 1: invalid character '/'"},
		{"no quotes", "{a: 1}", "line 1: invalid character 'a'"},
		{"not UTF-8", "\"\xff\"", "not UTF-8"},
		{"repeated, deep", "[{}, {\"a\": 1,\n\n\"a\": 1}]", `line 3: key "a" is repeated, it is on line 1 already`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseValue([]byte(tt.text))
			wantError(t, err, tt.want)
		})
	}
}
