// A small graph with every op of the table in it, for tests of what must hold for all of them.
#pragma once

#include "graph/builder.h"

namespace spyre::graph::testing {

Graph every_op();

}  // namespace spyre::graph::testing
