/* SPDX-License-Identifier: ISC */
/* The look of our few web pages: one small document, nothing loaded from elsewhere, light and dark. */
#ifndef API_PAGE_H
#define API_PAGE_H

struct strbuf;

struct page {
	const char *service; /* whose page it is */
	const char *heading;
	const char *subject; /* a name or address, shown as code; NULL: none */
	const char *text[3]; /* paragraphs; NULL: none */
	const char *button;  /* its text, in a form that POSTs to this page's address; NULL: none */
};

/* Appends the document; every text is escaped. */
void page_html(struct strbuf *sb, const struct page *page);
/* The same as lines of plain text. */
void page_plain(struct strbuf *sb, const struct page *page);

#endif
