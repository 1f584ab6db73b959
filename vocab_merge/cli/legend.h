// What the codes and levels of a merge mean and the order in which pieces are taken, for the help
// of the commands that print them.
#ifndef TOKGRAFT_VOCAB_MERGE_CLI_LEGEND_H_
#define TOKGRAFT_VOCAB_MERGE_CLI_LEGEND_H_

namespace tokgraft {

inline constexpr char kOrderLegend[] =
    "Which pieces are taken, and which first where a budget cuts them off:\n"
    "  no option  all, in the donor's own order: its trainer put frequent pieces first\n"
    "  --corpus   those that save tokens on the text, by tokens saved per id, helpers counted\n"
    "  --script   those in these scripts only, in either order\n"
    "  --pieces   those of the list only, in its order; not together with --script\n";

inline constexpr char kMergeLegend[] =
    "Codes of conflicts: A the same piece in both, B pieces that no text could produce, C joins "
    "and\n"
    "scores, D alphabet, ids, stages and special tokens.\n"
    "Certificates: L0 text in the protected scripts keeps its ids, L1 token boundaries of old "
    "text\n"
    "only disappear, L2 measured on your text and not proved, L3 no promise. New cuts are\n"
    "boundaries that the base did not set; changed spans are stretches of text with other ids.";

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_CLI_LEGEND_H_
