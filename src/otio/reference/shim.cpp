// The functions of shim.h over OpenTimelineIO 0.16 and newer.

#include "shim.h"

#include <any>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <map>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <opentimelineio/clip.h>
#include <opentimelineio/composition.h>
#include <opentimelineio/deserialization.h>
#include <opentimelineio/errorStatus.h>
#include <opentimelineio/item.h>
#include <opentimelineio/serializableObject.h>
#include <opentimelineio/serialization.h>
#include <opentimelineio/stack.h>
#include <opentimelineio/stackAlgorithm.h>
#include <opentimelineio/timeline.h>
#include <opentimelineio/transition.h>
#include <opentimelineio/typeRegistry.h>
#include <opentimelineio/version.h>

// Only the newer headers say which version they are.
#ifdef OPENTIMELINEIO_VERSION_MAJOR
#define OC_TEXT_OF(number) #number
#define OC_DOTTED(major, minor, patch) OC_TEXT_OF(major) "." OC_TEXT_OF(minor) "." OC_TEXT_OF(patch)
#define OC_LIBRARY_VERSION \
    OC_DOTTED(OPENTIMELINEIO_VERSION_MAJOR, OPENTIMELINEIO_VERSION_MINOR, OPENTIMELINEIO_VERSION_PATCH)
#else
#define OC_LIBRARY_VERSION "0.16 or 0.17"
#endif

namespace otio = OTIO_NS;
using otio::ErrorStatus;
using otio::SerializableObject;

// A root that is no object, such as a list, is held by value.
struct oc_document
{
    std::any root;
};

namespace {

/// What is thrown inside a function, and returned from it.
struct Failure
{
    oc_status   status;
    std::string message;
};

[[noreturn]] void
fail(oc_status status, std::string message)
{
    throw Failure{ status, std::move(message) };
}

oc_status
status_of(ErrorStatus::Outcome outcome)
{
    switch (outcome)
    {
        case ErrorStatus::JSON_PARSE_ERROR:
            return OC_JSON;
        case ErrorStatus::CANNOT_COMPUTE_AVAILABLE_RANGE:
        case ErrorStatus::INVALID_TIME_RANGE:
        case ErrorStatus::OBJECT_WITHOUT_DURATION:
        case ErrorStatus::CANNOT_TRIM_TRANSITION:
            return OC_TIME;
        case ErrorStatus::ILLEGAL_INDEX:
        case ErrorStatus::NOT_IMPLEMENTED:
        case ErrorStatus::NOT_AN_ITEM:
        case ErrorStatus::NOT_A_CHILD_OF:
        case ErrorStatus::NOT_A_CHILD:
        case ErrorStatus::NOT_DESCENDED_FROM:
            return OC_ARGUMENT;
        case ErrorStatus::INTERNAL_ERROR:
            return OC_INTERNAL;
        default:
            return OC_SCHEMA;
    }
}

void
check(ErrorStatus const& error)
{
    if (otio::is_error(error))
    {
        fail(status_of(error.outcome), error.full_description);
    }
}

/// A copy that the caller frees.
oc_text
text_of(std::string const& text)
{
    if (text.empty())
    {
        return oc_text{ nullptr, 0 };
    }
    auto data = static_cast<char*>(std::malloc(text.size()));
    if (!data)
    {
        throw std::bad_alloc();
    }
    std::memcpy(data, text.data(), text.size());
    return oc_text{ data, text.size() };
}

void
set_message(oc_text* message, char const* text) noexcept
{
    try
    {
        *message = text_of(text);
    }
    catch (...)
    {
        // The status alone has to do.
        *message = oc_text{ nullptr, 0 };
    }
}

/// Runs `work`; whatever it throws becomes a status and a message.
template <typename Work>
oc_status
guarded(oc_text* message, Work&& work) noexcept
{
    try
    {
        work();
        return OC_OK;
    }
    catch (Failure const& failure)
    {
        set_message(message, failure.message.c_str());
        return failure.status;
    }
    catch (std::exception const& exception)
    {
        set_message(message, exception.what());
    }
    catch (...)
    {
        set_message(message, "an exception of an unknown kind");
    }
    return OC_INTERNAL;
}

SerializableObject*
object_of(std::any const& value)
{
    if (auto retainer = std::any_cast<SerializableObject::Retainer<>>(&value))
    {
        return retainer->value;
    }
    return nullptr;
}

otio::Composable*
find(oc_document const* document, oc_path path)
{
    auto timeline = dynamic_cast<otio::Timeline*>(object_of(document->root));
    if (!timeline)
    {
        fail(OC_ARGUMENT, "the root is no timeline");
    }
    otio::Composable* found = timeline->tracks();
    for (size_t level = 0; level < path.length; level++)
    {
        auto composition = dynamic_cast<otio::Composition*>(found);
        if (!composition || path.indices[level] >= composition->children().size())
        {
            fail(OC_ARGUMENT, "there is no such object");
        }
        found = composition->children()[path.indices[level]];
    }
    return found;
}

otio::Item*
find_item(oc_document const* document, oc_path path)
{
    auto item = dynamic_cast<otio::Item*>(find(document, path));
    if (!item)
    {
        fail(OC_ARGUMENT, "the object is no item");
    }
    return item;
}

/// An object with its parent, which the library's own functions take for granted.
std::pair<otio::Composable*, otio::Composition*>
find_child(oc_document const* document, oc_path path)
{
    auto child = find(document, path);
    if (!child->parent())
    {
        fail(OC_ARGUMENT, "the root stack lies in nothing");
    }
    return { child, child->parent() };
}

oc_time
time_of(otio::RationalTime const& time)
{
    return oc_time{ time.value(), time.rate() };
}

oc_range
range_of(otio::TimeRange const& range)
{
    return oc_range{ time_of(range.start_time()), time_of(range.duration()) };
}

/// One of an item's own ranges.
oc_status
item_range(
    oc_document const* document,
    oc_path            item,
    otio::TimeRange (otio::Item::*query)(ErrorStatus*) const,
    oc_range* range,
    oc_text*  message)
{
    return guarded(message, [&] {
        ErrorStatus error;
        auto const  found = (find_item(document, item)->*query)(&error);
        check(error);
        *range = range_of(found);
    });
}

otio::AnyDictionary
dictionary_of(otio::schema_version_map const& versions)
{
    otio::AnyDictionary dictionary;
    for (auto const& [schema, version]: versions)
    {
        dictionary[schema] = std::any(version);
    }
    return dictionary;
}

} // namespace

void
oc_text_free(oc_text text)
{
    std::free(text.data);
}

void
oc_document_free(oc_document* document)
{
    delete document;
}

oc_status
oc_library_version(oc_text* version, oc_text* message)
{
    return guarded(message, [&] { *version = text_of(OC_LIBRARY_VERSION); });
}

oc_status
oc_schema_versions(oc_text* json, oc_text* message)
{
    return guarded(message, [&] {
        otio::schema_version_map newest;
        otio::TypeRegistry::instance().type_version_map(newest);
        otio::AnyDictionary releases;
        for (auto const& [label, versions]: otio::CORE_VERSION_MAP)
        {
            releases[label] = std::any(dictionary_of(versions));
        }
        otio::AnyDictionary all;
        all["newest"]   = std::any(dictionary_of(newest));
        all["releases"] = std::any(std::move(releases));
        ErrorStatus error;
        auto const  text = otio::serialize_json_to_string(std::any(std::move(all)), nullptr, &error, -1);
        check(error);
        *json = text_of(text);
    });
}

oc_status
oc_read(char const* json, size_t length, oc_document** document, oc_text* message)
{
    return guarded(message, [&] {
        std::any    root;
        ErrorStatus error;
        bool const  read = otio::deserialize_json_from_string(std::string(json, length), &root, &error);
        check(error);
        if (!read)
        {
            fail(OC_INTERNAL, "the text was not read, and no reason given");
        }
        *document = new oc_document{ std::move(root) };
    });
}

oc_status
oc_write(
    oc_document const*       document,
    oc_schema_version const* targets,
    size_t                   count,
    int                      indent,
    oc_text*                 json,
    oc_text*                 message)
{
    return guarded(message, [&] {
        otio::schema_version_map versions;
        for (size_t index = 0; index < count; index++)
        {
            versions[std::string(targets[index].name, targets[index].length)] = targets[index].version;
        }
        ErrorStatus error;
        auto const  text =
            otio::serialize_json_to_string(document->root, count > 0 ? &versions : nullptr, &error, indent);
        check(error);
        *json = text_of(text);
    });
}

oc_status
oc_is_equivalent(oc_document const* one, oc_document const* other, bool* equivalent, oc_text* message)
{
    return guarded(message, [&] {
        auto const a = object_of(one->root);
        auto const b = object_of(other->root);
        if (!a || !b)
        {
            fail(OC_ARGUMENT, "the root is no object");
        }
        *equivalent = a->is_equivalent_to(*b);
    });
}

oc_status
oc_available_range(oc_document const* document, oc_path item, oc_range* range, oc_text* message)
{
    return item_range(document, item, &otio::Item::available_range, range, message);
}

oc_status
oc_trimmed_range(oc_document const* document, oc_path item, oc_range* range, oc_text* message)
{
    return item_range(document, item, &otio::Item::trimmed_range, range, message);
}

oc_status
oc_visible_range(oc_document const* document, oc_path item, oc_range* range, oc_text* message)
{
    return item_range(document, item, &otio::Item::visible_range, range, message);
}

oc_status
oc_range_in_parent(oc_document const* document, oc_path object, oc_range* range, oc_text* message)
{
    return guarded(message, [&] {
        auto const [child, parent] = find_child(document, object);
        ErrorStatus error;
        auto const  found = parent->range_of_child(child, &error);
        check(error);
        *range = range_of(found);
    });
}

oc_status
oc_trimmed_range_in_parent(
    oc_document const* document,
    oc_path            object,
    bool*              present,
    oc_range*          range,
    oc_text*           message)
{
    return guarded(message, [&] {
        auto const [child, parent] = find_child(document, object);
        ErrorStatus error;
        auto const  found = parent->trimmed_range_of_child(child, &error);
        // A track says so when nothing is left; a stack returns nothing.
        if (error.outcome == ErrorStatus::INVALID_TIME_RANGE)
        {
            *present = false;
            return;
        }
        check(error);
        *present = found.has_value();
        if (found)
        {
            *range = range_of(*found);
        }
    });
}

oc_status
oc_transformed_time(
    oc_document const* document,
    oc_path            from,
    oc_path            to,
    oc_time            time,
    oc_time*           result,
    oc_text*           message)
{
    return guarded(message, [&] {
        ErrorStatus error;
        auto const  moved = find_item(document, from)
                               ->transformed_time(
                                   otio::RationalTime(time.value, time.rate),
                                   find_item(document, to),
                                   &error);
        check(error);
        *result = time_of(moved);
    });
}

oc_status
oc_flatten_stack(oc_document const* document, oc_path stack, oc_document** track, oc_text* message)
{
    return guarded(message, [&] {
        auto found = dynamic_cast<otio::Stack*>(find(document, stack));
        if (!found)
        {
            fail(OC_ARGUMENT, "the object is no stack");
        }
        ErrorStatus                        error;
        SerializableObject::Retainer<> const flat(otio::flatten_stack(found, &error));
        check(error);
        if (!flat.value)
        {
            fail(OC_INTERNAL, "the stack was not flattened, and no reason given");
        }
        *track = new oc_document{ std::any(flat) };
    });
}
