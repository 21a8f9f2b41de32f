package auditreport

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"amiforge/internal/audit"
)

// A sarifLog is the Static Analysis Results Interchange Format [SARIF 2.1.0, section 3.13], as far as an audit has
// something to say in it. GitHub's code scanning asks for no more.
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool               `json:"tool"`
	Invocations []sarifInvocation       `json:"invocations"`
	Bases       map[string]sarifBase    `json:"originalUriBaseIds"`
	Results     []sarifResult           `json:"results"`
	Properties  map[string]any          `json:"properties"`
	Automation  sarifAutomationIdentity `json:"automationDetails"`
}

type sarifAutomationIdentity struct {
	ID string `json:"id"` // its category, in which one upload takes the place of another
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID         string             `json:"id"`
	Short      sarifText          `json:"shortDescription"`
	Full       sarifText          `json:"fullDescription"`
	Help       sarifText          `json:"help"`
	Default    sarifConfiguration `json:"defaultConfiguration"`
	Properties map[string]any     `json:"properties"`
}

type sarifConfiguration struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Start         string              `json:"startTimeUtc"`
	Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifBase struct {
	Description sarifText `json:"description"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI  string `json:"uri"`
	Base string `json:"uriBaseId,omitempty"`
}

type sarifRegion struct {
	Line int `json:"startLine"`
}

// imageBase is what the paths in an image are relative to.
const imageBase = "IMAGE"

// SARIF returns the report as an object for encoding/json.
func (r *Report) SARIF() any {
	rules := r.sarifRules()
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{r.Tool.Name, r.Tool.Version, rules}},
		Invocations: []sarifInvocation{r.sarifInvocation()},
		Bases:       map[string]sarifBase{imageBase: {sarifText{"the root of " + r.Image.Source}}},
		Results:     []sarifResult{},
		Properties:  map[string]any{"image": r.Image, "options": r.Options},
		Automation:  sarifAutomationIdentity{r.Tool.Name + "/" + r.sourceURI() + "/"},
	}
	times := map[string]int{} // that a fingerprint was seen
	for _, f := range r.Findings {
		index := slices.IndexFunc(rules, func(rule sarifRule) bool { return rule.ID == f.Rule })
		print := fingerprint(f)
		times[print]++
		run.Results = append(run.Results, r.sarifResult(f, index, fmt.Sprintf("%s:%d", print, times[print])))
	}
	return sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}
}

func (r *Report) sarifRules() []sarifRule {
	rules := []sarifRule{}
	for _, rule := range audit.Rules() {
		if !slices.Contains(r.Rules, rule.ID) {
			continue
		}
		advice := rule.Advice
		if advice == "" {
			advice = rule.Title
		}
		rules = append(rules, sarifRule{
			ID: rule.ID, Short: sarifText{rule.Title}, Full: sarifText{rule.Title}, Help: sarifText{advice},
			Default: sarifConfiguration{sarifLevel(rule.Severity)},
			Properties: map[string]any{
				"tags": append([]string{"security"}, rule.Sources...), "security-severity": sarifScore(rule.Severity),
			},
		})
	}
	return rules
}

func (r *Report) sarifInvocation() sarifInvocation {
	call := sarifInvocation{Successful: r.Result != Incomplete, Start: r.Date.UTC().Format(time.RFC3339)}
	for _, u := range r.Unread {
		text := fmt.Sprintf("%s: %s", printable(u.Path), printable(u.Error))
		call.Notifications = append(call.Notifications, sarifNotification{"error", sarifText{text}})
	}
	return call
}

func (r *Report) sarifResult(f audit.Finding, index int, print string) sarifResult {
	at := sarifArtifact{URI: r.sourceURI()}
	if inside := strings.TrimPrefix(f.Path, "/"); inside != "" {
		at = sarifArtifact{escapePath(inside), imageBase}
	}
	message := f.Message
	if f.Hash != "" {
		message += " [" + f.Hash + "]"
	}
	return sarifResult{
		RuleID: f.Rule, RuleIndex: index, Level: sarifLevel(f.Severity), Message: sarifText{message},
		Locations:    []sarifLocation{{sarifPhysical{at, sarifRegion{max(f.Line, 1)}}}},
		Fingerprints: map[string]string{"primaryLocationLineHash": print},
	}
}

// sourceURI names the image, for what is about no file in it. It is relative: the name alone.
func (r *Report) sourceURI() string { return escapePath(path.Base(path.Clean("/" + r.Image.Source))) }

// escapePath returns a path as a relative reference [RFC 3986], in which a colon of the first element is no scheme.
func escapePath(name string) string {
	return strings.TrimPrefix((&url.URL{Path: "/" + name}).EscapedPath(), "/")
}

// fingerprint tells findings apart from one audit to the next: it does not depend on the line, which moves. Those that are
// the same but for that are numbered.
func fingerprint(f audit.Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{f.Rule, f.Path, f.Message, f.Hash}, "\x00")))
	return hex.EncodeToString(sum[:8])
}

func sarifLevel(s audit.Severity) string {
	if s == audit.Info {
		return "note"
	}
	return s.String()
}

// sarifScore is what GitHub sorts findings of security by: high, medium or low.
func sarifScore(s audit.Severity) string {
	return map[audit.Severity]string{audit.Error: "8.0", audit.Warning: "5.0", audit.Info: "2.0"}[s]
}
