// What checking one value may still cost. valijson has no room for it in what it hands around (<regex>, its
// results and its adapters' iterators are made in passing), so that it is the thread's for as long as
// schema_validate() lasts.

#pragma once

extern "C" {
#include "handlers/validation/pattern.h"
}

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace validation
{

struct spent : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct budget {
    uint64_t steps; // some ten nanoseconds each
    // What it costs to copy a place within the value, which is done for every item on the way.
    uint64_t context;
    // Those that were needed, by their source.
    std::unordered_map<std::string, std::shared_ptr<pattern>> patterns;
};

inline thread_local budget *current; // none while a schema is read

inline void spend(uint64_t steps)
{
    if (!current)
        return;
    if (steps > current->steps)
        throw spent("payload: Checking it takes too many steps");
    current->steps -= steps;
}

inline uint64_t context()
{
    return current ? current->context : 0;
}

class spending
{
  public:
    explicit spending(budget &allowed)
    {
        current = &allowed;
    }
    spending(const spending &) = delete;
    spending &operator=(const spending &) = delete;
    ~spending()
    {
        current = nullptr;
    }
};

} // namespace validation
