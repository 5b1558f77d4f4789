package torchserve

import (
	"fmt"
	"testing"

	"assay/scanners/scannertest"
)

func manifest(handler, more string) []byte {
	return fmt.Appendf(nil, `{"createdOn": "01/02/2024 03:04:05", "runtime": "python", "model": {"modelName": "net", "serializedFile": "net.pt",
 "handler": %q, "modelVersion": "1.0"%s}, "archiverVersion": "0.8.2"}`, handler, more)
}

const name = "MAR-INF/MANIFEST.json"

func TestRules(t *testing.T) {
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		{Rule: ruleHandler, Name: name, Hit: manifest("handler.py", ""), Miss: manifest("image_classifier", "")},
		{Rule: ruleHandler, Name: name, Hit: manifest("handler:handle", "")},
		{Rule: ruleHandler, Name: name, Hit: manifest("image_classifier", `, "modelFile": "model.py"`), Miss: manifest("text_classifier", `, "modelFile": ""`)},
		{Rule: ruleRequirements, Name: name, Hit: manifest("image_classifier", `, "requirementsFile": "requirements.txt"`), Miss: manifest("image_classifier", "")},
	})
}

func TestDeclined(t *testing.T) {
	for file, text := range map[string]string{"MANIFEST.json": string(manifest("x.py", "")), name: "{"} {
		if r, err := scannertest.Run(Scanner{}, file, []byte(text)); err == nil {
			t.Errorf("%s: %+v", file, r)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(manifest("handler.py", `, "requirementsFile": "requirements.txt"`))
	f.Fuzz(func(t *testing.T, data []byte) { scannertest.Properties(t, Scanner{}, name, data) })
}
