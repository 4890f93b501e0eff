// valijson's own, but for its limit: it is found before that. A million errors of one value are of no use to
// anybody.

#pragma once

#include "handlers/validation/valijson/budget.hpp"

#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace valijson
{

class ValidationResults
{
  public:
    static constexpr size_t most = 20;

    struct Error {
        std::vector<std::string> context;
        std::string description;
    };

    /* Thrown where there are more errors than it takes. */
    struct Full : std::runtime_error {
        using std::runtime_error::runtime_error;
    };

    /* Of alternatives, the way valijson makes it: what is too much is forgotten. */
    ValidationResults() = default;

    /* Where each error says that the value does not fit: there is no need to go on, once it is full. */
    static ValidationResults decisive()
    {
        ValidationResults results;
        results.is_decisive = true;
        return results;
    }

    std::deque<Error>::const_iterator begin() const
    {
        return errors.begin();
    }

    std::deque<Error>::const_iterator end() const
    {
        return errors.end();
    }

    size_t numErrors() const
    {
        return errors.size();
    }

    void pushError(const std::vector<std::string> &context, const std::string &description)
    {
        validation::spend(30 + validation::context() + description.size() / 32);
        if (errors.size() < most)
            errors.push_back({context, description});
        else if (is_decisive)
            throw Full("more errors");
    }

    void pushError(const Error &error)
    {
        pushError(error.context, error.description);
    }

    bool popError(Error &error)
    {
        if (errors.empty())
            return false;
        error = std::move(errors.front());
        errors.pop_front();
        return true;
    }

  private:
    std::deque<Error> errors;
    bool is_decisive = false;
};

} // namespace valijson
