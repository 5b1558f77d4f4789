package text

import (
	"path"
	"slices"
	"strings"

	"assay/scanners"
)

// installHooks are the scripts of npm that an installation runs by itself.
var installHooks = []string{"preinstall", "install", "postinstall", "prepare", "prepublish", "preprepare", "postprepare"}

// containerHooks are commands of a development container (containers.dev, "Lifecycle
// scripts"); the first of them runs on the machine itself.
var containerHooks = []string{"initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand", "postAttachCommand"}

// autoRun says why a tool would run the text without being asked. Sources: the
// settings that the worms of 2025 and 2026 wrote (s1ngularity, Shai-Hulud), and
// the documentation of each tool.
func autoRun(w *walk, key, text string) (string, scanners.Severity) {
	dir := path.Base(path.Dir(w.file.Name))
	parent := w.parent()
	switch {
	case w.base == "package.json" && parent == "scripts" && slices.Contains(installHooks, key):
		return "npm runs " + key + " on installation", scanners.High
	case w.base == "tasks.json" && dir == ".vscode" && key == "runOn" && text == "folderOpen":
		return "an editor runs a task when the folder is opened", scanners.High
	case key == "command" && w.above("hooks") && (isAgentFolder(w.file.Name) || w.base == "hooks.json"):
		return "a coding agent runs a hook", scanners.High
	case strings.HasPrefix(w.base, "settings") && dir == ".claude" && (key == "command" || key == "apiKeyHelper"):
		return "a coding agent runs a command", scanners.High
	case key == "command" && (w.above("mcpServers") || w.above("servers") && strings.Contains(w.base, "mcp")):
		return "a coding agent starts a server of tools", scanners.High
	case (key == "url" || key == "serverUrl") && w.above("mcpServers"):
		return "a coding agent takes tools from an address", scanners.Medium
	case strings.Contains(w.base, "devcontainer") && slices.ContainsFunc(w.stack, func(l level) bool { return slices.Contains(containerHooks, l.key) }):
		if w.above(containerHooks[0]) || key == containerHooks[0] {
			return "an editor runs a command on the machine when the container is opened", scanners.High
		}
		return "an editor runs a command in a container when it is opened", scanners.Medium
	}
	return "", scanners.Informational
}

// agentFolders hold the settings of coding agents.
var agentFolders = []string{".claude", ".cursor", ".gemini", ".codex", ".windsurf", ".continue", ".roo", ".kiro", ".amazonq", ".github/copilot"}

func isAgentFolder(name string) bool {
	return slices.ContainsFunc(agentFolders, func(f string) bool { return strings.HasPrefix(name, f+"/") || strings.Contains(name, "/"+f+"/") })
}

// agentFiles are instructions that agents read by themselves, and lists of tools.
var agentFiles = []string{
	"claude.md", "claude.local.md", "agents.md", "agent.md", "gemini.md", "skill.md", ".cursorrules", ".windsurfrules", ".clinerules", ".roorules", ".goosehints", "copilot-instructions.md", ".mcp.json", "mcp.json", "claude_desktop_config.json", "conventions.md", ".aider.conf.yml", "opencode.json", "llms-install.md",
}

// agents reports a file for coding agents.
func (s *scan) agents() {
	if slices.Contains(agentFiles, s.base) || isAgentFolder(s.file.Name) || strings.HasSuffix(s.base, ".mdc") || strings.HasSuffix(s.base, ".instructions.md") {
		s.add("text/agent-instructions", 0, "a file that coding agents read")
	}
}
