// A Hugging Face model directory: config, shards of tensors, and where its embedding rows are.
#ifndef TOKGRAFT_EMBED_INIT_CHECKPOINT_H_
#define TOKGRAFT_EMBED_INIT_CHECKPOINT_H_
#endif  // TOKGRAFT_EMBED_INIT_CHECKPOINT_H_
