package findings

import (
	"testing"

	"assay/scanners"
)

func TestList(t *testing.T) {
	l := New([]scanners.Rule{{ID: "a/x", Severity: scanners.Low}, {ID: "a/y", Severity: scanners.Medium}})
	for i := range perRule + 3 {
		severity := scanners.Low
		if i == perRule+1 {
			severity = scanners.High
		}
		l.AddAs(severity, "a/x", int64(i), "number %d", i)
	}
	l.Add("a/y", 7, "once")
	all := l.All()
	if len(all) != perRule+2 || l.Len() != perRule+1 {
		t.Fatalf("%d findings, Len %d", len(all), l.Len())
	}
	if y := all[perRule]; y.Rule != "a/y" || y.Severity != scanners.Medium || y.What != "once" {
		t.Errorf("the other rule: %+v", y)
	}
	// A bad one behind many harmless ones keeps its severity.
	last := all[perRule+1]
	if last.Severity != scanners.High || last.Offset != perRule || last.What != "3 more like these, the first of them here" {
		t.Errorf("the rest: %+v", last)
	}
}
