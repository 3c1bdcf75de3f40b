// Where nodes stand, and moving them: what several region passes share.
#pragma once

#include <optional>

#include "compile/regions.h"

namespace spyre::compile {

struct Place {
  size_t region;
  size_t track;
};
// The track that computes a node; nothing for leaves, views and nodes that stand in prologues only.
std::optional<Place> place_of(const Module& module, graph::NodeId id);

// The node whose memory a value is: the end of a chain of views.
graph::NodeId source_of(const Module& module, graph::NodeId id);

// Its value is ready before the region begins.
bool is_ready_before(const Module& module, graph::NodeId id, size_t region);

// The one user of a node; nothing when there are several, or the graph's caller is one.
std::optional<graph::NodeId> only_user(const Module& module, graph::NodeId id);

// silu .. tanh, scale: one input, element by element.
bool is_unary(graph::Op op);
bool is_binary(graph::Op op);  // add, mul

// A region of rows with just this node.
bool is_alone(const Module& module, graph::NodeId id);
void remove_region(Module& module, size_t region);

}  // namespace spyre::compile
