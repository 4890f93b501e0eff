extern "C" {
#include "json/value.h"
}

#include "handlers/validation/schema.h"
#include "handlers/validation/valijson/priced.hpp" // before valijson and RapidJSON

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>
#include <rapidjson/pointer.h>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <algorithm>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

namespace
{

constexpr size_t deepest = 128;
constexpr uint64_t steps_for_each = 20000000; // that a value may take, whatever its size
constexpr uint64_t steps_a_byte = 20;         // and of its JSON text
constexpr size_t longest_place = 256;         // bytes of each that are told
constexpr size_t longest_description = 512;

using valijson::SchemaParser;
using valijson::adapters::RapidJsonAdapter;

void read(rapidjson::Document &document, const char *data, size_t length)
{
    document.Parse<rapidjson::kParseIterativeFlag>(data, length);
    if (document.HasParseError())
        throw std::runtime_error(std::string("no JSON at byte ") + std::to_string(document.GetErrorOffset()) +
                                 ": " + rapidjson::GetParseError_En(document.GetParseError()));
}

/* valijson follows references without end that lead in a circle, or out of the schema. */
void check_reference(const rapidjson::Value &root, const rapidjson::Value &referring)
{
    const rapidjson::Value *at = &referring;

    for (int steps = 0; at->IsObject() && at->HasMember("$ref") && (*at)["$ref"].IsString(); steps++) {
        const std::string reference = (*at)["$ref"].GetString();
        const rapidjson::Pointer pointer(reference.c_str());
        if (reference.empty() || reference[0] != '#')
            throw std::runtime_error("'" + reference +
                                     "' is not followed: references lead to this file alone");
        at = pointer.IsValid() ? pointer.Get(root) : nullptr;
        if (!at)
            throw std::runtime_error("'" + reference + "' leads nowhere");
        if (steps == 64)
            throw std::runtime_error("'" + reference + "' leads in a circle");
    }
}

void check_references(const rapidjson::Value &root, const rapidjson::Value &value)
{
    if (value.IsArray())
        for (const auto &item : value.GetArray())
            check_references(root, item);
    if (!value.IsObject())
        return;
    check_reference(root, value);
    for (const auto &member : value.GetObject())
        check_references(root, member.value);
}

bool is_draft4(const rapidjson::Document &document)
{
    return document.IsObject() && document.HasMember("$schema") && document["$schema"].IsString() &&
           std::string(document["$schema"].GetString()).find("draft-04") != std::string::npos;
}

/* valijson says "<root>", "[a]", "[0]": a.[0] as one reads it. */
std::string place_of(const std::vector<std::string> &context)
{
    std::string place;

    for (const std::string &step : context) {
        if (step == "<root>")
            continue;
        const bool is_index = step.find_first_not_of("0123456789", 1) == step.size() - 1;
        if (is_index)
            place += step;
        else
            place += (place.empty() ? "" : ".") + step.substr(1, step.size() - 2);
    }
    return place.empty() ? "payload" : place;
}

void append_cut(std::string &text, const std::string &words, size_t longest)
{
    size_t length = words.size();

    if (length > longest)
        for (length = longest; length > 0 && (words[length] & 0xc0) == 0x80;) // not within a character
            length--;
    text.append(words, 0, length);
    text += length < words.size() ? "…" : "";
}

/* Whether it only says that something further in has failed. */
bool is_consequence(const valijson::ValidationResults::Error &error)
{
    return error.description.rfind("Failed to validate", 0) == 0;
}

std::string describe(const valijson::ValidationResults &results, bool has_more)
{
    std::string text;
    std::string consequences;

    for (const auto &error : results) {
        std::string description = error.description;
        while (!description.empty() && description.back() == '.')
            description.pop_back();
        std::string &to = is_consequence(error) ? consequences : text;
        to += to.empty() ? "" : "; ";
        append_cut(to, place_of(error.context), longest_place);
        to += ": ";
        append_cut(to, description, longest_description);
    }
    if (text.empty())
        text = consequences.empty() ? "payload: Nothing fits this schema" : consequences;
    return text + (has_more ? "; and more" : "");
}

enum status complain(struct buffer *out, const std::string &words)
{
    const enum status status = buffer_append(out, words.data(), words.size());

    return status == STATUS_OK ? STATUS_INVALID : status;
}

struct extent {
    size_t depth = 0;
    size_t path = 0; // bytes of all names on the way to the value that has most of them
};

/* Why it is not even looked at; empty: it is. */
std::string excess(const json_t *value, extent here, extent &most)
{
    most.depth = std::max(most.depth, here.depth);
    most.path = std::max(most.path, here.path);
    if (here.depth++ > deepest)
        return "payload: Nested more than " + std::to_string(deepest) + " deep";
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            const std::string found = excess(json_array_get(value, i), here, most);
            if (!found.empty())
                return found;
        }
    }
    json_t *walked = const_cast<json_t *>(value); // jansson's iterators know no const
    for (void *at = json_object_iter(walked); at; at = json_object_iter_next(walked, at)) {
        const extent inner = {here.depth, here.path + json_object_iter_key_len(at)};
        const std::string found = excess(json_object_iter_value(at), inner, most);
        if (!found.empty())
            return found;
    }
    return {};
}

/* What does not fit; empty: it fits. */
std::string check(const valijson::Schema &rules, const rapidjson::Document &document, const extent &most,
                  uint64_t steps)
{
    validation::budget budget = {steps, 1 + most.depth + most.path / 64, {}};
    const validation::spending spending(budget);
    auto results = valijson::ValidationResults::decisive();

    try {
        if (valijson::Validator().validate(rules, RapidJsonAdapter(document), &results))
            return {};
    } catch (const valijson::ValidationResults::Full &) {
        return describe(results, true);
    }
    return describe(results, false);
}

} // namespace

struct schema {
    valijson::Schema rules;
};

enum status schema_create(struct schema **schema, struct text json, struct buffer *error)
{
    try {
        auto made = std::make_unique<struct schema>();
        rapidjson::Document document;
        read(document, json.data, json.length);
        check_references(document, document);
        SchemaParser parser(is_draft4(document) ? SchemaParser::kDraft4 : SchemaParser::kDraft7);
        parser.populateSchema(RapidJsonAdapter(document), made->rules);
        *schema = made.release();
        return STATUS_OK;
    } catch (const std::bad_alloc &) {
        return STATUS_NO_MEMORY;
    } catch (const std::exception &problem) {
        return complain(error, problem.what());
    }
}

void schema_destroy(struct schema *schema)
{
    delete schema;
}

enum status schema_validate(const struct schema *schema, const json_t *value, struct buffer *failures)
{
    struct buffer text;
    enum status status;

    buffer_init(&text, BUFFER_UNLIMITED);
    try {
        extent most;
        const std::string too_much = excess(value, {}, most);
        status = too_much.empty() ? json_append_value(&text, value) : complain(failures, too_much);
        if (status == STATUS_OK) {
            rapidjson::Document document;
            read(document, text.data, text.length);
            const std::string failure =
                check(schema->rules, document, most, steps_for_each + steps_a_byte * text.length);
            if (!failure.empty())
                status = complain(failures, failure);
        }
    } catch (const std::bad_alloc &) {
        status = STATUS_NO_MEMORY;
    } catch (const std::exception &problem) {
        status = complain(failures, problem.what());
    }
    buffer_deinit(&text);
    return status;
}
