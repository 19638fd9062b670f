/* upvalues_read.c - a reader of Lua 5.4's binary chunks, as far as assignments need it.
 *
 *   header  signature, version, format, check data, sizes, an integer, a number
 *   count   of upvalues, one byte
 *   function:
 *     source  line  last line  parameters  vararg  stack
 *     code        n, then n instructions of 4 bytes
 *     constants   n, then type and value of each
 *     upvalues    n, then 3 bytes of each: in the enclosing function's stack?, index, kind
 *     functions   n, then each
 *     lines       a signed byte an instruction; then n pairs of instruction and line, for each
 *                 instruction whose byte is -128
 *     local names, upvalue names
 *
 * Counts and lines are 7 bits a byte, the highest first, the last byte with bit 7 set. A string
 * is its size plus 1, then its bytes.
 *
 * Nested functions are read with a stack of frames, not by recursion. An upvalue of a nested
 * function is an upvalue of the function that encloses it (looked up again there), or one of
 * its local variables, which ends with the call and does not matter.
 */
#include <stdint.h>
#include <string.h>

#include "script/upvalues.h"

enum {
    VERSION = 0x54,
    FORMAT = 0,
    DEPTH_MAX = 200, /* Lua's parser nests no deeper (LUAI_MAXCCALLS) */
    UPVALUE_BYTES = 3,
    LINE_IS_ELSEWHERE = -128,
    OP_SETUPVAL = 10, /* B is the upvalue */
    OPCODE_MASK = 0x7f,
    B_SHIFT = 16,
    B_MASK = 0xff,
};

typedef uint32_t instruction;

struct reader {
    const unsigned char *at;
    const unsigned char *end;
    bool failed; /* sticky; reads give 0 from then on */
};

struct frame {
    size_t line;
    const unsigned char *code;
    size_t code_count;
    const unsigned char *upvalues;
    size_t upvalue_count;
    size_t functions_left;
};

/* ---- reading ---- */

static const unsigned char *take(struct reader *reader, size_t size)
{
    const unsigned char *at = reader->at;
    if (reader->failed || size > (size_t)(reader->end - at)) {
        reader->failed = true;
        return NULL;
    }
    reader->at += size;
    return at;
}

static unsigned take_byte(struct reader *reader)
{
    const unsigned char *byte = take(reader, 1);
    return byte == NULL ? 0 : *byte;
}

static bool take_exactly(struct reader *reader, const void *bytes, size_t size)
{
    const unsigned char *got = take(reader, size);
    return got != NULL && memcmp(got, bytes, size) == 0;
}

static size_t take_size(struct reader *reader)
{
    size_t size = 0;
    unsigned byte;
    do {
        if (size > SIZE_MAX >> 7) {
            reader->failed = true;
            return 0;
        }
        byte = take_byte(reader);
        size = size << 7 | (byte & 0x7f);
    } while ((byte & 0x80) == 0 && !reader->failed);
    return reader->failed ? 0 : size;
}

/* A count of items of at least `item_bytes`; what cannot be there is a failure, so that no loop
 * runs on an invented count. */
static size_t take_count(struct reader *reader, size_t item_bytes)
{
    size_t count = take_size(reader);
    if (count > (size_t)(reader->end - reader->at) / item_bytes) {
        reader->failed = true;
        return 0;
    }
    return count;
}

static void skip_string(struct reader *reader)
{
    size_t size = take_size(reader);
    (void)take(reader, size == 0 ? 0 : size - 1);
}

static void skip_constants(struct reader *reader)
{
    enum {
        NIL = 0x00,
        FALSE = 0x01,
        INTEGER = 0x03,
        SHORT_STRING = 0x04,
        TRUE = 0x11,
        NUMBER = 0x13,
        LONG_STRING = 0x14,
    };
    for (size_t count = take_count(reader, 1); count > 0; count--) {
        switch (take_byte(reader)) {
        case NIL:
        case FALSE:
        case TRUE:
            break;
        case INTEGER:
            (void)take(reader, sizeof(lua_Integer));
            break;
        case NUMBER:
            (void)take(reader, sizeof(lua_Number));
            break;
        case SHORT_STRING:
        case LONG_STRING:
            skip_string(reader);
            break;
        default:
            reader->failed = true;
        }
    }
}

static bool read_header(struct reader *reader)
{
    static const unsigned char sizes[] = {sizeof(instruction), sizeof(lua_Integer),
                                          sizeof(lua_Number)};
    const lua_Integer integer = 0x5678;
    const lua_Number number = 370.5;
    return take_exactly(reader, LUA_SIGNATURE, sizeof(LUA_SIGNATURE) - 1) &&
           take_byte(reader) == VERSION && take_byte(reader) == FORMAT &&
           take_exactly(reader, "\x19\x93\r\n\x1a\n", 6) &&
           take_exactly(reader, sizes, sizeof(sizes)) &&
           take_exactly(reader, &integer, sizeof(integer)) &&
           take_exactly(reader, &number, sizeof(number));
}

/* Read a function up to those inside of it. */
static void begin_function(struct reader *reader, struct frame *frame)
{
    skip_string(reader);
    frame->line = take_size(reader);
    (void)take_size(reader);
    (void)take(reader, 3);
    frame->code_count = take_count(reader, sizeof(instruction));
    frame->code = take(reader, frame->code_count * sizeof(instruction));
    skip_constants(reader);
    frame->upvalue_count = take_count(reader, UPVALUE_BYTES);
    frame->upvalues = take(reader, frame->upvalue_count * UPVALUE_BYTES);
    frame->functions_left = take_count(reader, 1);
}

/* ---- assignments ---- */

/* The upvalue of frames[0] that upvalue `index` of frames[depth] is, or -1 for a local variable
 * of a function in between. */
static int resolve(struct reader *reader, const struct frame *frames, size_t depth,
                   size_t index)
{
    for (;; depth--) {
        if (index >= frames[depth].upvalue_count) {
            reader->failed = true;
            return -1;
        }
        if (depth == 0) {
            return (int)index;
        }
        const unsigned char *upvalue = frames[depth].upvalues + index * UPVALUE_BYTES;
        if (upvalue[0] != 0) {
            return -1;
        }
        index = upvalue[1];
    }
}

/* Note what the code of frames[depth] assigns. `lines` is NULL or a byte an instruction;
 * `pairs` reads the lines that are elsewhere. */
static void note_assignments(struct reader *reader, const struct frame *frames, size_t depth,
                             const unsigned char *lines, struct reader pairs,
                             struct mg_upvalues *out)
{
    const struct frame *frame = &frames[depth];
    size_t line = frame->line;
    for (size_t i = 0; i < frame->code_count && !reader->failed; i++) {
        int step = lines == NULL ? 0 : (signed char)lines[i];
        if (step == LINE_IS_ELSEWHERE) {
            (void)take_size(&pairs);
            line = take_size(&pairs);
        } else {
            line += (size_t)step;
        }
        instruction code;
        memcpy(&code, frame->code + i * sizeof(code), sizeof(code));
        if ((code & OPCODE_MASK) != OP_SETUPVAL) {
            continue;
        }
        int upvalue = resolve(reader, frames, depth, code >> B_SHIFT & B_MASK);
        int at = line > 0 && line <= INT32_MAX ? (int)line : 1;
        if (upvalue >= 0 && (out->lines[upvalue] == 0 || at < out->lines[upvalue])) {
            out->lines[upvalue] = at;
        }
    }
    reader->failed = reader->failed || pairs.failed;
}

/* Read the rest of a function, behind those inside of it. */
static void end_function(struct reader *reader, const struct frame *frames, size_t depth,
                         struct mg_upvalues *out)
{
    size_t line_count = take_count(reader, 1);
    const unsigned char *lines = take(reader, line_count);
    size_t pair_count = take_count(reader, 2);
    struct reader pairs = *reader;
    for (; pair_count > 0; pair_count--) {
        (void)take_size(reader);
        (void)take_size(reader);
    }
    for (size_t count = take_count(reader, 3); count > 0; count--) {
        skip_string(reader);
        (void)take_size(reader);
        (void)take_size(reader);
    }
    for (size_t count = take_count(reader, 1); count > 0; count--) {
        skip_string(reader);
    }
    bool has_lines = line_count == frames[depth].code_count;
    note_assignments(reader, frames, depth, has_lines ? lines : NULL, pairs, out);
}

bool mg_upvalues_read(struct mg_str dump, struct mg_upvalues *out)
{
    const unsigned char *bytes = (const unsigned char *)dump.ptr;
    struct reader reader = {bytes, bytes + dump.len, false};
    if (!read_header(&reader)) {
        return false;
    }
    *out = (struct mg_upvalues){.is_known = true, .dumped_bytes = dump.len};
    size_t upvalue_count = take_byte(&reader);
    struct frame frames[DEPTH_MAX];
    size_t depth = 0;
    begin_function(&reader, &frames[0]);
    if (frames[0].upvalue_count != upvalue_count) {
        return false;
    }
    out->count = (int)upvalue_count;
    while (!reader.failed) {
        if (frames[depth].functions_left > 0) {
            frames[depth].functions_left--;
            if (++depth == DEPTH_MAX) {
                return false;
            }
            begin_function(&reader, &frames[depth]);
        } else {
            end_function(&reader, frames, depth, out);
            if (depth == 0) {
                break;
            }
            depth--;
        }
    }
    return !reader.failed && reader.at == reader.end;
}
