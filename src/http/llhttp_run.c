/* llhttp_run.c - the second form of the parser is the same source compiled for SSE 4.2
 * under another name; Debian's baseline for amd64 does not have it, nearly every machine
 * does.
 */
#include "http/llhttp_run.h"

#ifdef MG_LLHTTP_SSE42
int mg_sse42_llhttp__internal_execute(llhttp_t *parser, const char *start, const char *end);
#endif

llhttp_errno_t mg_llhttp_execute(llhttp_t *parser, const char *bytes, size_t count)
{
#ifdef MG_LLHTTP_SSE42
    if (__builtin_cpu_supports("sse4.2")) {
        return (llhttp_errno_t)mg_sse42_llhttp__internal_execute(parser, bytes, bytes + count);
    }
#endif
    return llhttp_execute(parser, bytes, count);
}
