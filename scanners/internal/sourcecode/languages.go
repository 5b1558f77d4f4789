package sourcecode

// The kinds of program text, by who runs them.
var (
	python   = Language{"Python", "a loader runs it with trust_remote_code, or whoever imports it"}
	notebook = Language{"notebook", "its cells run code, and its outputs hold HTML and JavaScript"}
	shell    = Language{"shell script", "it runs when somebody starts it"}
	script   = Language{"script with an interpreter line", "it runs when somebody starts it"}
	windows  = Language{"Windows script", "it runs when somebody opens it"}
	web      = Language{"JavaScript", "a browser or Node.js runs it"}
	page     = Language{"HTML", "a browser runs the scripts in it"}
	php      = Language{"PHP", "a web server runs it"}
	dynamic  = Language{"source of a scripting language", "its interpreter runs it"}
	native   = Language{"source that is compiled", "extension loaders compile and run it"}
	build    = Language{"build recipe", "building or installing runs its commands"}
)

// extensions are in lower case, with the dot.
var extensions = map[string]Language{
	".py": python, ".pyw": python, ".pyi": python, ".pyx": python, ".pxd": python, ".pyt": python, ".rpy": python, ".xonsh": python,
	".ipynb": notebook, ".rmd": notebook, ".qmd": notebook,
	".sh": shell, ".bash": shell, ".zsh": shell, ".fish": shell, ".ksh": shell, ".csh": shell, ".command": shell, ".run": shell,
	".bashrc": shell, ".profile": shell, ".zshrc": shell, ".envrc": shell, ".desktop": shell, ".service": shell, ".expect": shell,
	".bat": windows, ".cmd": windows, ".ps1": windows, ".psm1": windows, ".psd1": windows, ".vbs": windows, ".vbe": windows,
	".wsf": windows, ".wsh": windows, ".hta": windows, ".reg": windows, ".inf": windows, ".url": windows, ".scf": windows, ".jse": windows,
	".js": web, ".mjs": web, ".cjs": web, ".jsx": web, ".ts": web, ".mts": web, ".cts": web, ".tsx": web, ".vue": web, ".svelte": web, ".coffee": web, ".wat": web,
	".html": page, ".htm": page, ".xhtml": page, ".mht": page, ".mhtml": page, ".shtml": page,
	".php": php, ".phtml": php, ".phar": php, ".php5": php, ".asp": php, ".aspx": php, ".jsp": php, ".cgi": php,
	".rb": dynamic, ".pl": dynamic, ".pm": dynamic, ".lua": dynamic, ".tcl": dynamic, ".r": dynamic, ".rprofile": dynamic, ".jl": dynamic,
	".groovy": dynamic, ".scala": dynamic, ".sc": dynamic, ".kt": dynamic, ".kts": dynamic, ".clj": dynamic, ".ex": dynamic, ".exs": dynamic,
	".erl": dynamic, ".hs": dynamic, ".lhs": dynamic, ".ml": dynamic, ".lisp": dynamic, ".scm": dynamic, ".el": dynamic, ".awk": dynamic, ".sed": dynamic,
	".vim": dynamic, ".m4": dynamic, ".ahk": dynamic, ".au3": dynamic, ".gdb": dynamic,
	".applescript": dynamic, ".nix": dynamic, ".gd": dynamic, ".nim": dynamic, ".cr": dynamic, ".dart": dynamic, ".m": dynamic, ".mojo": dynamic,
	".c": native, ".cc": native, ".cpp": native, ".cxx": native, ".h": native, ".hh": native, ".hpp": native, ".hxx": native, ".inl": native,
	".cu": native, ".cuh": native, ".ptx": native, ".hip": native, ".metal": native, ".cl": native, ".s": native, ".asm": native,
	".rs": native, ".go": native, ".java": native, ".swift": native, ".mm": native, ".cs": native, ".fs": native, ".vb": native, ".zig": native,
	".f": native, ".f90": native, ".pas": native, ".d": native, ".ll": native,
	".mk": build, ".cmake": build, ".gradle": build, ".bzl": build, ".bazel": build, ".ninja": build, ".dockerfile": build, ".tf": build, ".spec": build, ".ebuild": build,
}

// names are whole file names, in lower case.
var names = map[string]Language{
	"makefile": build, "gnumakefile": build, "dockerfile": build, "containerfile": build, "cmakelists.txt": build, "jenkinsfile": build,
	"rakefile": build, "gemfile": build, "vagrantfile": build, "procfile": build, "justfile": build, "sconstruct": build, "sconscript": build,
	"wscript": build, "build": build, "workspace": build, "brewfile": build, "snakefile": build, "pkgbuild": build, "configure": shell,
}

// openings are how program text may begin, in lower case after white space.
var openings = []struct {
	text string
	lang Language
}{
	{"<?php", php}, {"<?=", php}, {"<%", php},
	{"<script", page}, {"<!doctype html", page}, {"<html", page}, {"<body", page}, {"<iframe", page}, {"<svg/onload", page},
}
