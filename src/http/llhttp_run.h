/* llhttp_run.h - run llhttp in the form that suits the processor.
 *
 * Threads:   any.
 */
#ifndef MG_HTTP_LLHTTP_RUN_H
#define MG_HTTP_LLHTTP_RUN_H

#include <stddef.h>

#include <llhttp.h>

/* As llhttp_execute. Where the processor has SSE 4.2, by tables that take sixteen bytes of
 * a field at a time; they accept what the others accept. */
llhttp_errno_t mg_llhttp_execute(llhttp_t *parser, const char *bytes, size_t count);

#endif
