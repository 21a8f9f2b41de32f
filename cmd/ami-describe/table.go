package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"amiforge/internal/registry"
)

// table returns the images for people: one a line under a heading, or nothing.
func table(images []registry.Image) string {
	if len(images) == 0 {
		return ""
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tNAME\tSTATE\tARCHITECTURE\tCREATED\tOWNER\tREGION\tPUBLIC\tLOCATION")
	for _, im := range images {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%t\t%s\n", im.ID, im.Name, im.State, im.Architecture,
			im.CreationDate.Format("2006-01-02 15:04"), im.Owner, im.Region, im.Public(), im.Location)
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
