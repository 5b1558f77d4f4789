package jinja

import "strings"

// words splits a table of words.
func words(tables ...string) map[string]bool {
	out := make(map[string]bool)
	for _, t := range tables {
		for w := range strings.FieldsSeq(t) {
			out[w] = true
		}
	}
	return out
}

// The vocabulary of chat templates. Sources: the globals, filters and tests of
// Jinja 3.1 (templates.html, "List of Builtin ..."), apply_chat_template of
// transformers, minja and llama.cpp, and what templates in use read.
var (
	variables = words(
		// Set by every renderer.
		"messages add_generation_prompt bos_token eos_token pad_token unk_token sep_token cls_token mask_token additional_special_tokens",
		// Given by callers for tools and retrieval (transformers, "tools" and "documents").
		"tools documents functions builtin_tools custom_tools available_tools tool_choice tools_in_user_message xml_tools citation_mode controls",
		// Given by callers through chat_template_kwargs in widely used models.
		"enable_thinking thinking thinking_budget reasoning_effort reasoning_mode model_identity date_string current_date system_message system_prompt add_vision_id "+
			"add_default_system_prompt custom_instructions continue_final_message keep_past_thinking preserve_thinking safe_mode safety_mode "+
			"date today prefix suffix image_token video_token audio_token",
		// Of the engine.
		"loop caller varargs kwargs self",
	)
	functions = words(
		"raise_exception strftime_now",                         // of transformers
		"namespace range dict joiner cycler loop caller super", // of Jinja
		"tojson", // of llama.cpp, also as a function
	)
	filters = words(
		"abs attr batch capitalize center count d default dictsort e escape filesizeformat first float forceescape format groupby indent int items join last length list " +
			"lower map max min pprint random reject rejectattr replace reverse round safe select selectattr slice sort string striptags sum title tojson trim truncate unique " +
			"upper urlencode urlize wordcount wordwrap xmlattr")
	tests = words(
		"boolean callable defined divisibleby eq equalto escaped even false filter float ge greaterthan gt in integer iterable le lessthan lower lt mapping ne none None " +
			"number odd sameas sequence string test true undefined upper")
	methods = words(
		"append capitalize count endswith extend find get index isdigit isspace isupper islower items join keys lower lstrip partition pop removeprefix removesuffix replace rfind rpartition " +
			"rsplit rstrip split splitlines startswith strip title upper update values zfill strftime next insert isalpha isalnum isnumeric format")
)

// internals are names, besides those with two underscores, by which templates
// left their engine. Sources: CVE-2024-34359, CVE-2026-5760, CVE-2024-56201,
// jinja2.sandbox (UNSAFE_*_ATTRIBUTES).
var internals = words(
	"mro subclasses func_globals func_code func_closure func_defaults func_name im_func im_self im_class",                                   // functions and methods of Python 2 and 3
	"gi_frame gi_code gi_yieldfrom cr_frame cr_code cr_await ag_frame ag_code f_back f_globals f_locals f_builtins f_code tb_frame co_code", // frames
	"popen subprocess builtins getattr setattr eval exec check_output import_module format_map",                                             // what stands at the end of the chains
)

// leaks are globals of Jinja and Flask that no chat template uses, and from which
// an attribute or two lead to the modules of the process.
var leaks = words("lipsum url_for get_flashed_messages")

// globals are names whose attributes are those of an object of the engine.
var globals = words("self cycler joiner namespace dict range config request session g app")

// contentKinds are the kinds and keys of a part of a message (the content parts
// of the chat completions interface): comparing with them is not looking at what
// the user wrote.
var contentKinds = words("text image image_url input_image video video_url audio audio_url input_audio input_text output_text file thinking reasoning think type content refusal document tool_use tool_result " +
	"tool_call tool_response resource list str string dict")

// topics are parts of names in conditions under which a template explains
// something to the model as its maker: tools, documents, the system prompt, the
// first message, a mode that the caller chose.
var topics = []string{
	"tool", "function", "system", "developer", "document", "first", "index", "think", "reason", "citation", "context", "json", "schema", "format", "image", "video", "audio",
	"ipython", "environment", "observation", "date", "language", "mode", "safety", "default", "instruction", "param", "enum", "previous",
}
