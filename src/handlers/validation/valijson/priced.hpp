// valijson's ways into a value and over it, which are paid for here (budget.hpp), and unique items, which it
// compares each with each. These stand in for its own, and so before anything that uses them.

#pragma once

#include "handlers/validation/valijson/budget.hpp"

#include <valijson/adapters/rapidjson_adapter.hpp> // before RapidJSON's own: it has its assertions throw

#include <valijson/validation_visitor.hpp>

#include <cmath>
#include <cstring>
#include <map>
#include <string>

namespace valijson::adapters
{

using validation::spend;
using Value = rapidjson::Value;

template <> inline bool GenericRapidJsonValue<Value>::isNull() const // what each comparison asks first
{
    spend(1);
    return m_value.IsNull();
}

template <> inline bool GenericRapidJsonValue<Value>::getString(std::string &result) const
{
    if (!m_value.IsString())
        return false;
    spend(3 + m_value.GetStringLength() / 32);
    result.assign(m_value.GetString(), m_value.GetStringLength());
    return true;
}

template <> inline opt::optional<RapidJsonArray> GenericRapidJsonValue<Value>::getArrayOptional() const
{
    if (!m_value.IsArray())
        return {};
    spend(2 + m_value.Size() * validation::context());
    return opt::make_optional(RapidJsonArray(m_value));
}

template <> inline opt::optional<RapidJsonObject> GenericRapidJsonValue<Value>::getObjectOptional() const
{
    if (!m_value.IsObject())
        return {};
    spend(2 + m_value.MemberCount() * validation::context());
    return opt::make_optional(RapidJsonObject(m_value));
}

template <> inline RapidJsonObject::iterator RapidJsonObject::find(const std::string &name) const
{
    auto at = m_value.MemberBegin();

    spend(3);
    for (; at != m_value.MemberEnd(); ++at) {
        const Value &key = at->name;
        spend(1);
        if (key.GetStringLength() == name.size() &&
            std::memcmp(key.GetString(), name.data(), name.size()) == 0)
            break;
    }
    spend(name.size() / 32);
    return at;
}

template <> inline RapidJsonAdapter GenericRapidJsonArrayValueIterator<Value>::operator*() const
{
    spend(1);
    return RapidJsonAdapter(*m_itr);
}

template <> inline RapidJsonObjectMember GenericRapidJsonObjectMemberIterator<Value>::operator*() const
{
    spend(10 + m_itr->name.GetStringLength() / 8);
    return RapidJsonObjectMember(std::string(m_itr->name.GetString(), m_itr->name.GetStringLength()),
                                 m_itr->value);
}

} // namespace valijson::adapters

namespace valijson
{

/* Two values are equal where this says the same of them. */
inline void append_identity(std::string &out, const adapters::RapidJsonAdapter &value)
{
    const size_t before = out.size();

    if (value.isNumber()) {
        const double number = value.getNumber() + 0.0; // minus zero is zero
        out += 'd';
        out.append(reinterpret_cast<const char *>(&number), sizeof number);
    } else if (value.isString()) {
        const std::string string = value.getString();
        out += 's' + std::to_string(string.size()) + ':' + string;
    } else if (value.isArray()) {
        out += '[';
        for (const auto &item : value.getArray())
            append_identity(out, item);
        out += ']';
    } else if (value.isObject()) {
        std::map<std::string, std::string> members;
        for (const auto &member : value.getObject())
            append_identity(members[member.first], member.second);
        out += '{';
        for (const auto &[name, identity] : members)
            out += std::to_string(name.size()) + ':' + name + identity;
        out += '}';
    } else {
        out += value.isNull() ? 'n' : value.getBool() ? 't' : 'f';
    }
    validation::spend(10 + (out.size() - before) / 16);
}

/* valijson compares each with each. */
template <> inline bool ValidationVisitor<adapters::RapidJsonAdapter>::visit(const UniqueItemsConstraint &)
{
    std::map<std::string, size_t> seen; // not by hashes: what collides can be made up
    bool validated = true;
    size_t index = 0;

    if (!m_target.isArray())
        return true;
    for (const auto &item : m_target.getArray()) {
        std::string identity;
        append_identity(identity, item);
        const auto [first, is_new] = seen.emplace(std::move(identity), index++);
        if (is_new)
            continue;
        validated = false;
        if (!m_results)
            break;
        m_results->pushError(m_context, "Elements at indexes #" + std::to_string(first->second) + " and #" +
                                            std::to_string(index - 1) + " violate uniqueness constraint");
    }
    return validated;
}

/* valijson cuts a fraction off, and asks strings that read as numbers. */
template <>
inline bool ValidationVisitor<adapters::RapidJsonAdapter>::visit(const MultipleOfIntConstraint &constraint)
{
    const int64_t divisor = constraint.getDivisor();

    if (!m_target.isNumber())
        return true;
    if (divisor > 0 &&
        (m_target.isInteger() ? m_target.getInteger() % divisor == 0
                              : std::fmod(m_target.getDouble(), static_cast<double>(divisor)) == 0))
        return true;
    if (m_results)
        m_results->pushError(m_context, "Value should be a multiple of " + std::to_string(divisor));
    return false;
}

} // namespace valijson
