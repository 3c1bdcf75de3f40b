// config.json of encoders: BERT (Devlin et al. 2018, arXiv 1810.04805), RoBERTa with its kin XLM-R
// and CamemBERT, and MPNet. Their classes with a language model's head are read as the encoder
// alone, since nothing asks for words here; sequence classifiers bring their head.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/json_reader.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

bool is_encoder_class(std::string_view architecture);

// Every class that is read, for messages.
std::vector<std::string> encoder_classes();

// c.architecture: a class that is_encoder_class; becomes "BertModel", "RobertaModel" or
// "MPNetModel". Needs what read_common fills. Errors are kept in r: kUnsupported where the model is
// a decoder, looks across, or counts positions in another way.
void read_encoder(JsonReader& r, std::string_view source, ModelConfig& c);

}  // namespace spyre::checkpoint
