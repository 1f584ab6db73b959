#include "tokenizer/convert.h"

#include <utility>

#include "tokenizer/base/json_write.h"
#include "tokenizer/base/report_text.h"
#include "tokenizer/convert/compare_ids.h"
#include "tokenizer/convert/draft.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

constexpr std::size_t kMeasuredLines = 20000;

using Step = StatusOr<Drafts> (*)(const TokenizerSpec&);

Status NoWay(const TokenizerSpec& spec, Format target, std::string_view why) {
  return UnimplementedError(Cat("a tokenizer of ", FormatName(spec.format), " cannot be said as ",
                                FormatName(target), ": ", why));
}

// The steps from one format to another, through the middle of the family.
StatusOr<std::vector<Step>> StepsTo(const TokenizerSpec& spec, Format target) {
  std::vector<Step> steps;
  if (IsByteLevel(spec)) {
    if (spec.format == Format::kSentencePiece) return NoWay(spec, target, "its pieces are bytes");
    if (target == Format::kSentencePiece) {
      return NoWay(spec, target,
                   "its pieces are bytes, many of them cut inside a character, and a .model holds "
                   "UTF-8");
    }
    if (spec.format == Format::kGguf) {
      steps.push_back(&GgufToTokenizerJson);
    } else if (spec.format != Format::kTokenizerJson) {
      steps.push_back(&TiktokenToTokenizerJson);
    }
    if (target == Format::kTiktoken) steps.push_back(&TokenizerJsonToTiktoken);
    if (target == Format::kTekken) steps.push_back(&TokenizerJsonToTekken);
    if (target == Format::kGguf) steps.push_back(&TokenizerJsonToGguf);
    return steps;
  }
  if (!IsMetaspace(spec)) {
    return NoWay(spec, target, "its model has no counterpart there");
  }
  if (target == Format::kTiktoken || target == Format::kTekken) {
    return NoWay(spec, target,
                 "it puts \u2581 for spaces and falls back to bytes, and ranks are joined from "
                 "bytes without a normalizer");
  }
  if (spec.format == Format::kTokenizerJson) steps.push_back(&TokenizerJsonToSentencePiece);
  if (spec.format == Format::kGguf) steps.push_back(&GgufToSentencePiece);
  if (target == Format::kTokenizerJson) steps.push_back(&SentencePieceToTokenizerJson);
  if (target == Format::kGguf) steps.push_back(&SentencePieceToGguf);
  return steps;
}

// Runs all steps; each may offer several drafts, and the last step's are the candidates.
StatusOr<Drafts> RunSteps(const TokenizerSpec& spec, const std::vector<Step>& steps) {
  Drafts drafts(1);
  drafts[0].spec = spec;
  drafts[0].model_proved = true;
  for (const Step step : steps) {
    Drafts next;
    Status refused;
    for (const Draft& draft : drafts) {
      StatusOr<Drafts> made = step(draft.spec);
      if (!made.ok()) {
        refused.Update(made.status());
        continue;
      }
      for (Draft& further : *made) {
        further.model_proved = further.model_proved && draft.model_proved;
        further.suspects.insert(further.suspects.end(), draft.suspects.begin(),
                                draft.suspects.end());
        further.losses.insert(further.losses.begin(), draft.losses.begin(), draft.losses.end());
        further.notes.insert(further.notes.begin(), draft.notes.begin(), draft.notes.end());
        next.push_back(std::move(further));
      }
    }
    if (next.empty()) return refused;
    drafts = std::move(next);
  }
  return drafts;
}

// sentencepiece and tekken never find control tokens in text: the comparison leaves them out.
TokenizerSpec WithoutControlTokens(const TokenizerSpec& spec) {
  TokenizerSpec out = spec;
  std::erase_if(out.added_tokens, [](const AddedToken& token) { return token.special; });
  return out;
}

bool ReadsControlAsText(const TokenizerSpec& spec) {
  return spec.reference == Reference::kSentencePiece || spec.reference == Reference::kTekken;
}

// Both sides of a comparison.
struct Pair {
  Tokenizer from;
  Tokenizer to;
};

StatusOr<Pair> CompilePair(const TokenizerSpec& from, const TokenizerSpec& to) {
  const bool strip = ReadsControlAsText(from) || ReadsControlAsText(to);
  TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer a, Compile(strip ? WithoutControlTokens(from) : from));
  TOKGRAFT_ASSIGN_OR_RETURN(Tokenizer b, Compile(strip ? WithoutControlTokens(to) : to));
  return Pair{std::move(a), std::move(b)};
}

std::string IdsOf(const Tokenizer& tokenizer, std::string_view text) {
  constexpr std::size_t kShown = 12;
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids);
  std::string out;
  for (std::size_t i = 0; i < ids.size() && i < kShown; ++i) out += Cat(i == 0 ? "" : " ", ids[i]);
  return ids.size() > kShown ? out + " ..." : out;
}

Status Differs(const TokenizerSpec& spec, Format target, const Draft& draft, const Pair& pair,
               const std::string& text) {
  std::string why;
  for (const std::string& loss : draft.losses) why += Cat(loss, "; ");
  return FailedPreconditionError(
      Cat(spec.source.empty() ? "tokenizer" : spec.source, ": as ", FormatName(target),
          " the text ", QuotedForMessage(text), " would have the ids ", IdsOf(pair.to, text),
          ", expected ", IdsOf(pair.from, text), "; ", why,
          "tokgraft convert --lossy (lossy=True) converts it all the same and measures how much "
          "changes"));
}

void MeasureChange(const Pair& pair, const ConvertOptions& options, Conversion* out) {
  std::vector<std::string> mixed;
  std::vector<std::string_view> texts = options.texts;
  if (texts.empty()) {
    out->measured_on_pieces = true;
    mixed = MixedTexts(pair.from, kMeasuredLines);
    texts.assign(mixed.begin(), mixed.end());
  }
  const IdComparison measured = CompareTexts(pair.from, pair.to, texts);
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  out->changed_texts = share(measured.changed_texts, measured.texts);
  out->changed_bytes = share(measured.changed_bytes, measured.bytes);
  out->measured_bytes = measured.bytes;
}

// The draft as a result where its ids are the same, or `options` does not ask for it.
StatusOr<Conversion> Judge(const TokenizerSpec& spec, Format target, Draft draft,
                           const ConvertOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Pair pair, CompilePair(spec, draft.spec));
  IdComparison found = FindDifference(pair.from, pair.to, Search::kEverything, draft.suspects);
  if (!found.counterexample && !options.texts.empty()) {
    IdComparison given = CompareTexts(pair.from, pair.to, options.texts);
    found.bytes += given.bytes;
    found.counterexample = std::move(given.counterexample);
  }
  if (found.counterexample && !options.lossy) {
    return Differs(spec, target, draft, pair, *found.counterexample);
  }
  Conversion out;
  out.model_proved = draft.model_proved;
  out.checked_bytes = found.bytes;
  out.notes = std::move(draft.notes);
  if (found.counterexample) {
    out.counterexample = std::move(found.counterexample);
    MeasureChange(pair, options, &out);
    out.notes.insert(out.notes.begin(), draft.losses.begin(), draft.losses.end());
  }
  if (ReadsControlAsText(spec) != ReadsControlAsText(draft.spec)) {
    const Format reads = ReadsControlAsText(spec) ? spec.format : target;
    out.notes.push_back(
        Cat("control tokens written in a text: ", FormatName(reads), " reads them as text, ",
            FormatName(reads == target ? spec.format : target), " as the tokens; not compared"));
  }
  out.spec = std::move(draft.spec);
  return out;
}

}  // namespace

StatusOr<Conversion> Convert(const TokenizerSpec& spec, Format target,
                             const ConvertOptions& options) {
  if (spec.format == target) {
    Conversion same;
    same.spec = spec;
    same.model_proved = true;
    return same;
  }
  const std::string place = spec.source.empty() ? "tokenizer" : spec.source;
  StatusOr<std::vector<Step>> steps = StepsTo(spec, target);
  if (!steps.ok()) return WithPlace(steps.status(), place);
  StatusOr<Drafts> drafts = RunSteps(spec, *steps);
  if (!drafts.ok()) return WithPlace(drafts.status(), place);
  // The first that agrees; under `lossy` the one that changes least.
  Status refused;
  std::optional<Conversion> best;
  for (Draft& draft : *drafts) {
    StatusOr<Conversion> made = Judge(spec, target, std::move(draft), options);
    if (!made.ok()) {
      refused.Update(made.status());
      continue;
    }
    if (!made->counterexample) return made;
    if (!best || made->changed_bytes < best->changed_bytes) best = *std::move(made);
  }
  if (best) return *std::move(best);
  return refused;
}

std::string Conversion::ToJson() const {
  std::string list;
  for (const std::string& note : notes) list += Cat(list.empty() ? "" : ",", Quoted(note));
  std::vector<JsonMember> members = {
      {"format", Quoted(FormatName(spec.format))},
      {"pieces", Cat(spec.vocab.size())},
      {"model_proved", model_proved ? "true" : "false"},
      {"checked_bytes", Cat(checked_bytes)},
      {"counterexample", counterexample ? Quoted(*counterexample) : "null"},
      {"changed_texts", FormatDouble(changed_texts)},
      {"changed_bytes", FormatDouble(changed_bytes)},
      {"measured_bytes", Cat(measured_bytes)},
      {"measured_on_pieces", measured_on_pieces ? "true" : "false"},
      {"notes", Cat("[", list, "]")}};
  return JoinMembers(members);
}

std::string Conversion::DebugString() const {
  std::string out =
      Cat("format     ", FormatName(spec.format), ", ", Counted(spec.vocab.size(), "piece"), "\n",
          "model      ", model_proved ? "proved to give the same ids" : "not proved",
          "\nchecked    ", Counted(checked_bytes, "byte"), " of text");
  if (!counterexample) {
    out += ", no difference found\n";
  } else {
    out += Cat(
        ", to the first that changes: ", QuotedForMessage(*counterexample), "\nchanged    ",
        Fixed(100 * changed_texts, 4), " % of the texts, with ", Fixed(100 * changed_bytes, 4),
        " % of ", Counted(measured_bytes, "byte"),
        measured_on_pieces ? ": mixtures of its own pieces; give --corpus to measure on text" : "",
        "\n");
  }
  for (const std::string& note : notes) out += Cat("note       ", note, "\n");
  return out;
}

}  // namespace tokgraft
