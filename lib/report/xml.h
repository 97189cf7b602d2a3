/*
 * xml.h - writes text into XML 1.0.
 */
#ifndef DQ_REPORT_XML_H
#define DQ_REPORT_XML_H

#include "sim/text.h"

/* Any bytes, as the content of an element. What is no UTF-8, and what XML has no way to say,
 * becomes U+FFFD; a control character its picture (U+2400 and on). */
void dq_xml_text(dq_text *out, const char *text);

/* ` name="value"`. */
void dq_xml_attribute(dq_text *out, const char *name, const char *value);

#endif
