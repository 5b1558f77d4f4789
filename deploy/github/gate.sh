#!/usr/bin/env bash
# Gates one model: annotations on the job's log, a summary on its page, the
# reports in a folder. The step fails unless the model passes.
set -euo pipefail

out=$(mktemp -d "${RUNNER_TEMP:?}/assay-report-XXXXXX")
status=0
"${ASSAY:?}" gate --no-store --format github \
  -o "json=$out/report.json" -o "html=$out/report.html" -o "sarif=$out/report.sarif" \
  -o "junit=$out/report.junit.xml" -o "markdown=$out/summary.md" -- "${INPUT_REF:?}" || status=$?

case $status in
  0) result=pass ;;
  1) result=fail ;;
  3) result=incomplete ;;
  4) result=nothing ;;
  *) result=error ;;
esac
digest=
if [ -s "$out/report.json" ]; then
  digest=$(sed -n 's/^    "contentId": "\(sha256:[0-9a-f]\{64\}\)",\{0,1\}$/\1/p' "$out/report.json" | head -n 1)
fi
if [ -s "$out/summary.md" ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"
fi
{
  echo "result=$result"
  echo "digest=$digest"
  echo "report=$out"
} >>"${GITHUB_OUTPUT:?}"
exit $status
