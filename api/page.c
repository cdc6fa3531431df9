/* SPDX-License-Identifier: ISC */
/* The look of our few web pages. */
#include "api/page.h"

#include <stddef.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

static const char style[] =
	":root{color-scheme:light dark;--bg:#f4f5f7;--card:#fff;--text:#1d2330;--soft:#5b6474;"
	"--line:#e0e3e9;--accent:#2f5fd0}"
	"@media(prefers-color-scheme:dark){:root{--bg:#14171d;--card:#1d222b;--text:#e8ebf1;"
	"--soft:#a0a9b8;--line:#2d3440;--accent:#8fb0ff}}"
	"*{box-sizing:border-box}"
	"body{margin:0;min-height:100vh;display:flex;align-items:center;justify-content:center;"
	"padding:1.5rem;background:var(--bg);color:var(--text);"
	"font:1rem/1.6 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
	"main{width:100%;max-width:34rem;padding:2rem 2.25rem;background:var(--card);"
	"border:1px solid var(--line);border-radius:.75rem}"
	"h1{margin:0 0 .75rem;font-size:1.4rem;line-height:1.3}"
	"p{margin:.75rem 0;overflow-wrap:anywhere}"
	"code{font:.95em ui-monospace,Menlo,Consolas,monospace;color:var(--accent)}"
	"footer{margin-top:1.5rem;padding-top:1rem;border-top:1px solid var(--line);"
	"color:var(--soft);font-size:.875rem}"
	"button{margin:.75rem 0 0;padding:.65rem 1.25rem;border:0;border-radius:.5rem;"
	"background:var(--accent);color:var(--card);font:inherit;font-weight:600;cursor:pointer}";

/* Control bytes first, then what HTML would take for markup. */
static void add_escaped(struct strbuf *sb, const char *text)
{
	auto_call(strbuf_clear) struct strbuf clean = STRBUF_INIT(4096);

	escape_add(&clean, text, strlen(text));
	for (const char *c = clean.buf; *c; c++) {
		switch (*c) {
		case '&':
			strbuf_adds(sb, "&amp;");
			break;
		case '<':
			strbuf_adds(sb, "&lt;");
			break;
		case '>':
			strbuf_adds(sb, "&gt;");
			break;
		case '"':
			strbuf_adds(sb, "&quot;");
			break;
		case '\'':
			strbuf_adds(sb, "&#39;");
			break;
		default:
			strbuf_addch(sb, *c);
		}
	}
}

static void add_element(struct strbuf *sb, const char *open, const char *text, const char *close)
{
	strbuf_adds(sb, open);
	add_escaped(sb, text);
	strbuf_adds(sb, close);
}

void page_html(struct strbuf *sb, const struct page *page)
{
	add_element(sb,
		    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		    "<meta name=\"robots\" content=\"noindex\">\n<title>",
		    page->heading, "</title>\n<style>");
	strbuf_adds(sb, style);
	add_element(sb, "</style>\n</head>\n<body>\n<main>\n<h1>", page->heading, "</h1>\n");
	if (page->subject)
		add_element(sb, "<p><code>", page->subject, "</code></p>\n");
	for (size_t i = 0; i < ARRAY_SIZE(page->text) && page->text[i]; i++)
		add_element(sb, "<p>", page->text[i], "</p>\n");
	if (page->button)
		add_element(sb, "<form method=\"post\"><button type=\"submit\">", page->button,
			    "</button></form>\n");
	add_element(sb, "<footer>", page->service, "</footer>\n</main>\n</body>\n</html>\n");
}

void page_plain(struct strbuf *sb, const struct page *page)
{
	strbuf_addf(sb, "%s\n", page->heading);
	if (page->subject) {
		escape_add(sb, page->subject, strlen(page->subject));
		strbuf_addch(sb, '\n');
	}
	for (size_t i = 0; i < ARRAY_SIZE(page->text) && page->text[i]; i++)
		strbuf_addf(sb, "%s\n", page->text[i]);
}
