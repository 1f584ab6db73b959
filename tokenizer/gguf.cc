#include "tokenizer/gguf.h"

#include <algorithm>
#include <set>
#include <utility>

#include "tokenizer/formats/gguf_metadata.h"

namespace tokgraft {
namespace {

constexpr std::size_t kMostDimensions = 4;  // of ggml
constexpr std::uint64_t kMostAlignment = 1 << 20;

std::uint64_t Number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = std::min<std::size_t>(bytes.size(), 8); i > 0; --i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[i - 1]);
  }
  return value;
}
void Append(std::uint64_t value, std::size_t size, std::string* out) {
  for (std::size_t i = 0; i < size; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}
void AppendText(std::string_view text, std::string* out) {
  Append(text.size(), 8, out);
  out->append(text);
}
std::uint64_t RoundedUp(std::uint64_t value, std::uint64_t multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

GgufKey KeyOf(const std::string& name, const GgufValue& value) {
  GgufKey key{.name = name, .value = {}, .text = {}, .number = {}, .count = value.count};
  Append(static_cast<std::uint32_t>(value.type), 4, &key.value);
  switch (value.type) {
    case GgufType::kArray:
      Append(static_cast<std::uint32_t>(value.element), 4, &key.value);
      Append(value.count, 8, &key.value);
      break;
    case GgufType::kString:
      Append(value.bytes.size(), 8, &key.value);
      key.text = std::string(value.bytes);
      break;
    case GgufType::kUint8:
    case GgufType::kUint16:
    case GgufType::kUint32:
    case GgufType::kUint64:
      key.number = Number(value.bytes);
      break;
    case GgufType::kInt8:
    case GgufType::kInt16:
    case GgufType::kInt32:
    case GgufType::kInt64:
      // The highest bit is the sign.
      if ((static_cast<unsigned char>(value.bytes.back()) & 0x80U) == 0) {
        key.number = Number(value.bytes);
      }
      break;
    default:
      break;
  }
  key.value.append(value.bytes);
  return key;
}

// Reads the list of tensors, which begins behind the metadata.
class TensorList {
 public:
  TensorList(std::string_view bytes, std::size_t position, const std::string& name)
      : bytes_(bytes), position_(position), name_(name) {}

  StatusOr<std::vector<GgufTensor>> Read(std::uint64_t count) {
    // A tensor takes 24 bytes at least.
    if (count > (bytes_.size() - position_) / 24) {
      return Truncated(Cat("the list of ", count, " tensors"));
    }
    std::vector<GgufTensor> tensors;
    std::set<std::string> names;
    for (std::uint64_t i = 0; i < count; ++i) {
      TOKGRAFT_ASSIGN_OR_RETURN(GgufTensor tensor, ReadTensor());
      if (!names.insert(tensor.name).second) {
        return Malformed(Cat("tensor ", tensor.name, " stands twice"));
      }
      tensors.push_back(std::move(tensor));
    }
    return tensors;
  }
  std::size_t position() const { return position_; }

 private:
  Status Malformed(std::string_view what) const {
    return InvalidArgumentError(
        Cat(name_, ": byte ", position_, ": ", what, "; do not trust this file"));
  }
  Status Truncated(std::string_view what) const {
    return DataLossError(Cat(name_, ": byte ", position_, ": ", what,
                             " goes beyond the end of the file; it is cut off or damaged"));
  }
  StatusOr<std::string_view> Take(std::uint64_t size) {
    if (size > bytes_.size() - position_) return Truncated("the list of tensors");
    const std::string_view taken = bytes_.substr(position_, static_cast<std::size_t>(size));
    position_ += taken.size();
    return taken;
  }
  StatusOr<std::uint64_t> Uint(std::size_t size) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view taken, Take(size));
    return Number(taken);
  }
  StatusOr<GgufTensor> ReadTensor() {
    GgufTensor tensor;
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t length, Uint(8));
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view name, Take(length));
    tensor.name = std::string(name);
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t dimensions, Uint(4));
    if (dimensions > kMostDimensions) {
      return Malformed(Cat("a tensor of ", dimensions, " dimensions, at most ", kMostDimensions,
                           " were expected"));
    }
    for (std::uint64_t i = 0; i < dimensions; ++i) {
      TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t size, Uint(8));
      tensor.shape.insert(tensor.shape.begin(), size);
    }
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t type, Uint(4));
    tensor.type = static_cast<std::uint32_t>(type);
    TOKGRAFT_ASSIGN_OR_RETURN(tensor.begin, Uint(8));
    return tensor;
  }

  std::string_view bytes_;
  std::size_t position_;
  const std::string& name_;
};

}  // namespace

GgufKey WithNumber(const GgufKey& old, std::uint64_t number) {
  GgufKey key = old;
  const std::size_t size = old.value.size() - 4;
  key.value.resize(4);
  Append(number, size, &key.value);
  key.number = number;
  return key;
}

const GgufKey* GgufFile::Find(std::string_view name) const {
  const auto at =
      std::find_if(keys.begin(), keys.end(), [&](const GgufKey& key) { return key.name == name; });
  return at == keys.end() ? nullptr : &*at;
}

StatusOr<GgufFile> ReadGgufFile(std::string_view bytes, const std::string& name) {
  TOKGRAFT_ASSIGN_OR_RETURN(const GgufMetadata metadata, GgufMetadata::Parse(bytes, name));
  GgufFile file;
  std::vector<std::pair<std::size_t, GgufKey>> placed;  // by place in the file
  for (const auto& [key, value] : metadata.values()) {
    placed.emplace_back(value.offset, KeyOf(key, value));
  }
  std::sort(placed.begin(), placed.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [place, key] : placed) file.keys.push_back(std::move(key));
  if (const GgufKey* parts = file.Find("split.count"); parts && parts->number.value_or(0) > 1) {
    return UnimplementedError(Cat(name, ": split.count: the model is in ", *parts->number,
                                  " files, one was expected; join them with llama-gguf-split"));
  }
  if (const GgufKey* alignment = file.Find("general.alignment")) {
    file.alignment = alignment->number.value_or(0);
    if (file.alignment == 0 || file.alignment > kMostAlignment ||
        (file.alignment & (file.alignment - 1)) != 0) {
      return InvalidArgumentError(Cat(name, ": general.alignment: is no power of two up to ",
                                      kMostAlignment, "; do not trust this file"));
    }
  }
  TensorList list(bytes, metadata.end(), name);
  TOKGRAFT_ASSIGN_OR_RETURN(file.tensors, list.Read(metadata.tensor_count()));
  file.data_begin = RoundedUp(list.position(), file.alignment);
  for (GgufTensor& tensor : file.tensors) {
    if (tensor.begin % file.alignment != 0 || tensor.begin > bytes.size()) {
      return InvalidArgumentError(Cat(name, ": tensor ", tensor.name, ": stands at data byte ",
                                      tensor.begin, ", a multiple of ", file.alignment,
                                      " inside the file was expected; do not trust this file"));
    }
    tensor.begin += file.data_begin;
  }
  return file;
}

std::string BuildGgufHeader(const GgufFile& file) {
  std::string out = "GGUF";
  Append(3, 4, &out);
  Append(file.tensors.size(), 8, &out);
  Append(file.keys.size(), 8, &out);
  for (const GgufKey& key : file.keys) {
    AppendText(key.name, &out);
    out += key.value;
  }
  for (const GgufTensor& tensor : file.tensors) {
    AppendText(tensor.name, &out);
    Append(tensor.shape.size(), 4, &out);
    for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) {
      Append(*size, 8, &out);
    }
    Append(tensor.type, 4, &out);
    Append(tensor.begin, 8, &out);
  }
  out.resize(static_cast<std::size_t>(RoundedUp(out.size(), file.alignment)), '\0');
  return out;
}

}  // namespace tokgraft
