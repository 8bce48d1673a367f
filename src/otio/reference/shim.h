/*
 * What otio-conflate asks of the OpenTimelineIO library, in C.
 *
 * Every function that can fail returns a status; OC_OK alone means that its results were written. On any other status
 * the results are as they were before, and `message` holds a sentence that the caller frees with oc_text_free. No
 * exception leaves a function, and no value stands for a failure.
 *
 * Texts are UTF-8 and have a length; they need no terminating zero. A file is not read or written here: the caller
 * does that, who has limits for what is read and sees a disk that is full.
 */
#ifndef OTIO_CONFLATE_SHIM_H
#define OTIO_CONFLATE_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum oc_status {
    OC_OK = 0,
    OC_JSON,     /* the text is no JSON */
    OC_SCHEMA,   /* JSON, but not what its schemas ask for */
    OC_TIME,     /* there is no such range or duration */
    OC_ARGUMENT, /* there is no such object, or one that cannot be asked this */
    OC_INTERNAL  /* an exception, or memory ran out */
} oc_status;

/* A text that the library made; `data` may be null when `length` is 0. Freed with oc_text_free. */
typedef struct oc_text {
    char*  data;
    size_t length;
} oc_text;

/* RationalTime */
typedef struct oc_time {
    double value;
    double rate;
} oc_time;

/* TimeRange */
typedef struct oc_range {
    oc_time start_time;
    oc_time duration;
} oc_range;

/* The version of a schema to write: a name of `length` bytes, and the version. */
typedef struct oc_schema_version {
    const char* name;
    size_t      length;
    int64_t     version;
} oc_schema_version;

/*
 * Whatever one JSON text holds, as the library's own objects. It belongs to the caller, who frees it with
 * oc_document_free. One thread at a time may use it; which one may change.
 */
typedef struct oc_document oc_document;

/* An object in a document whose root is a timeline: from the root stack down, one index a level; none: that stack. */
typedef struct oc_path {
    const size_t* indices;
    size_t        length;
} oc_path;

void oc_text_free(oc_text text);
void oc_document_free(oc_document* document);

/* The library's version, such as "0.18.1". */
oc_status oc_library_version(oc_text* version, oc_text* message);

/* As JSON: {"newest": {schema: version}, "releases": {label: {schema: version}}}. */
oc_status oc_schema_versions(oc_text* json, oc_text* message);

/* Reads JSON; every object is upgraded to the newest version of its schema. */
oc_status oc_read(const char* json, size_t length, oc_document** document, oc_text* message);

/* Writes JSON. Schemas that `targets` names are downgraded to the version given; `indent` -1 writes one line. */
oc_status oc_write(
    const oc_document*       document,
    const oc_schema_version* targets,
    size_t                   count,
    int                      indent,
    oc_text*                 json,
    oc_text*                 message);

/* Whether both hold the same, as the library compares objects. Both roots have to be objects. */
oc_status oc_is_equivalent(const oc_document* one, const oc_document* other, bool* equivalent, oc_text* message);

/* Ranges in an item's own time: what it has, and what of that its source_range shows. */
oc_status oc_available_range(const oc_document* document, oc_path item, oc_range* range, oc_text* message);
oc_status oc_trimmed_range(const oc_document* document, oc_path item, oc_range* range, oc_text* message);

/* The trimmed range, and the handles that the transitions beside it use. */
oc_status oc_visible_range(const oc_document* document, oc_path item, oc_range* range, oc_text* message);

/* Where an item or a transition lies in its parent's time: before the parent's source_range trims it, and behind that.
   `present` is false when the trim leaves nothing; `range` is not written then. */
oc_status oc_range_in_parent(const oc_document* document, oc_path object, oc_range* range, oc_text* message);
oc_status oc_trimmed_range_in_parent(
    const oc_document* document,
    oc_path            object,
    bool*              present,
    oc_range*          range,
    oc_text*           message);

/* `time` of the item `from`, as a time of the item `to`. */
oc_status oc_transformed_time(
    const oc_document* document,
    oc_path            from,
    oc_path            to,
    oc_time            time,
    oc_time*           result,
    oc_text*           message);

/* What a stack shows where gaps alone are transparent: a document whose root is one track. */
oc_status oc_flatten_stack(const oc_document* document, oc_path stack, oc_document** track, oc_text* message);

#ifdef __cplusplus
}
#endif

#endif
