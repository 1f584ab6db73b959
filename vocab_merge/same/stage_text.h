// Stages as canonical text: Name{field, field}, texts in quotes, fields that change no id and no
// decoded text left out.
#ifndef TOKGRAFT_VOCAB_MERGE_SAME_STAGE_TEXT_H_
#define TOKGRAFT_VOCAB_MERGE_SAME_STAGE_TEXT_H_

#include <string>
#include <vector>

#include "tokenizer/spec.h"

namespace tokgraft {

std::string TextOf(const Model& model);
std::string TextOf(const std::vector<Normalizer>& stages);
std::string TextOf(const std::vector<PreTokenizer>& stages);
std::string TextOf(const std::vector<PostProcessor>& stages);
std::string TextOf(const std::vector<Decoder>& stages);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_SAME_STAGE_TEXT_H_
