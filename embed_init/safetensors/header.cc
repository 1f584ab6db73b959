#include "embed_init/safetensors/header.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "tokenizer/base/json.h"

namespace tokgraft {
namespace {

struct TypeRow {
  DType dtype;
  std::string_view name;
  DTypeBlock block;
  bool in_safetensors = true;
};
constexpr TypeRow kTypes[] = {
    {DType::kBool, "BOOL", {1, 1}},
    {DType::kU8, "U8", {1, 1}},
    {DType::kI8, "I8", {1, 1}},
    {DType::kF8E4M3, "F8_E4M3", {1, 1}},
    {DType::kF8E5M2, "F8_E5M2", {1, 1}},
    {DType::kF8E8M0, "F8_E8M0", {1, 1}},
    {DType::kI16, "I16", {1, 2}},
    {DType::kU16, "U16", {1, 2}},
    {DType::kF16, "F16", {1, 2}},
    {DType::kBf16, "BF16", {1, 2}},
    {DType::kI32, "I32", {1, 4}},
    {DType::kU32, "U32", {1, 4}},
    {DType::kF32, "F32", {1, 4}},
    {DType::kI64, "I64", {1, 8}},
    {DType::kU64, "U64", {1, 8}},
    {DType::kF64, "F64", {1, 8}},
    {DType::kC64, "C64", {1, 8}},
    {DType::kF4, "F4", {2, 1}},
    {DType::kF6E2M3, "F6_E2M3", {4, 3}},
    {DType::kF6E3M2, "F6_E3M2", {4, 3}},
    {DType::kQ40, "Q4_0", {32, 18}, false},
    {DType::kQ41, "Q4_1", {32, 20}, false},
    {DType::kQ50, "Q5_0", {32, 22}, false},
    {DType::kQ51, "Q5_1", {32, 24}, false},
    {DType::kQ80, "Q8_0", {32, 34}, false},
    {DType::kQ2K, "Q2_K", {256, 84}, false},
    {DType::kQ3K, "Q3_K", {256, 110}, false},
    {DType::kQ4K, "Q4_K", {256, 144}, false},
    {DType::kQ5K, "Q5_K", {256, 176}, false},
    {DType::kQ6K, "Q6_K", {256, 210}, false},
    {DType::kIq2Xxs, "IQ2_XXS", {256, 66}, false},
    {DType::kIq2Xs, "IQ2_XS", {256, 74}, false},
    {DType::kIq3Xxs, "IQ3_XXS", {256, 98}, false},
    {DType::kIq1S, "IQ1_S", {256, 50}, false},
    {DType::kIq4Nl, "IQ4_NL", {32, 18}, false},
    {DType::kIq3S, "IQ3_S", {256, 110}, false},
    {DType::kIq2S, "IQ2_S", {256, 82}, false},
    {DType::kIq4Xs, "IQ4_XS", {256, 136}, false},
    {DType::kIq1M, "IQ1_M", {256, 56}, false},
    {DType::kTq10, "TQ1_0", {256, 54}, false},
    {DType::kTq20, "TQ2_0", {256, 66}, false},
    {DType::kMxfp4, "MXFP4", {32, 17}, false},
};

const TypeRow& RowOf(DType dtype) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes),
                       [&](const TypeRow& row) { return row.dtype == dtype; });
}

std::optional<DType> ParseDType(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name && row.in_safetensors) return row.dtype;
  }
  return std::nullopt;
}

// One tensor's description; ranges still count from the end of the header.
StatusOr<TensorInfo> ParseTensor(std::string_view name, JsonValue value, const std::string& file) {
  TensorInfo tensor;
  tensor.name = std::string(name);
  tensor.file = file;
  if (value.type() != JsonType::kObject) return value.Error("is not an object of a tensor");
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue dtype_value, value.Get("dtype"));
  TOKGRAFT_ASSIGN_OR_RETURN(std::string_view dtype_name, dtype_value.String());
  const std::optional<DType> dtype = ParseDType(dtype_name);
  if (!dtype) {
    return dtype_value.ErrorOf(&UnimplementedError,
                               Cat("element type \"", dtype_name, "\" is not known"));
  }
  tensor.dtype = *dtype;
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue shape, value.Get("shape"));
  TOKGRAFT_RETURN_IF_ERROR(shape.ForEachElement([&](std::size_t, JsonValue dimension) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t size, dimension.Uint());
    tensor.shape.push_back(size);
    return absl::OkStatus();
  }));
  TOKGRAFT_ASSIGN_OR_RETURN(JsonValue range, value.Get("data_offsets"));
  std::vector<std::uint64_t> offsets;
  TOKGRAFT_RETURN_IF_ERROR(range.ForEachElement([&](std::size_t, JsonValue offset) -> Status {
    TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t position, offset.Uint());
    offsets.push_back(position);
    return absl::OkStatus();
  }));
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    return range.Error("is not a range [begin, end] with begin <= end; the header is corrupt");
  }
  tensor.begin = offsets[0];
  tensor.end = offsets[1];
  const std::optional<std::uint64_t> expected = TensorBytes(tensor.dtype, tensor.shape);
  if (!expected) return shape.Error("multiplies to more bytes than any file has");
  if (*expected != tensor.size_bytes()) {
    return range.ErrorOf(&DataLossError, Cat("spans ", tensor.size_bytes(), " bytes, ", *expected,
                                             " were expected for dtype ", dtype_name,
                                             " and this shape; the header is corrupt"));
  }
  return tensor;
}

// Sorts by position and checks that the tensors tile [0, data_bytes).
Status CheckTiling(const std::string& path, std::uint64_t data_bytes,
                   std::vector<TensorInfo>* tensors) {
  std::sort(tensors->begin(), tensors->end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t position = 0;
  const TensorInfo* previous = nullptr;
  for (const TensorInfo& tensor : *tensors) {
    if (tensor.end > data_bytes) {
      return DataLossError(Cat(path, ": header: tensor ", tensor.name, " ends at data byte ",
                               tensor.end, ", the file holds ", data_bytes,
                               "; it is truncated, download it again"));
    }
    if (tensor.begin < position) {
      return InvalidArgumentError(Cat(path, ": header: tensors ", previous->name, " and ",
                                      tensor.name, " overlap at data byte ", tensor.begin,
                                      ", separate ranges were expected; do not trust this file"));
    }
    if (tensor.begin > position) {
      return InvalidArgumentError(Cat(path, ": header: data bytes ", position, " to ", tensor.begin,
                                      " belong to no tensor, no gap was expected; "
                                      "write the file again with safetensors"));
    }
    position = tensor.end;
    previous = &tensor;
  }
  if (position != data_bytes) {
    return InvalidArgumentError(Cat(path, ": header: data bytes ", position, " to ", data_bytes,
                                    " belong to no tensor, no gap was expected; "
                                    "write the file again with safetensors"));
  }
  return absl::OkStatus();
}

Status CheckNames(const std::string& path, const std::vector<TensorInfo>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const TensorInfo& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return absl::OkStatus();
  return InvalidArgumentError(Cat(path, ": header: tensor ", *twice,
                                  " is described twice, once was expected; "
                                  "do not trust this file"));
}

// The JSON text of the header, and where the data begin.
StatusOr<std::string> ReadHeaderText(const std::string& path, SafetensorsHeader* header) {
  std::error_code error;
  const auto kind = std::filesystem::status(path, error).type();
  if (kind != std::filesystem::file_type::regular &&
      kind != std::filesystem::file_type::not_found) {
    return InvalidArgumentError(Cat(path, ": is not a regular file; name a file"));
  }
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  if (!in) return NotFoundError(Cat(path, ": cannot be opened; check the path"));
  const std::streamoff size = in.tellg();
  if (size < 0) return InvalidArgumentError(Cat(path, ": is not a regular file; name a file"));
  header->file_bytes = static_cast<std::uint64_t>(size);
  if (header->file_bytes < 8) {
    return DataLossError(Cat(path, ": byte 0: the file has ", header->file_bytes,
                             " bytes, 8 bytes of header length were expected; "
                             "it is truncated, download it again"));
  }
  in.seekg(0);
  unsigned char length_bytes[8] = {};
  in.read(reinterpret_cast<char*>(length_bytes), 8);
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = (length << 8) | length_bytes[i];
  if (length > kMaxHeaderBytes) {
    return InvalidArgumentError(Cat(path, ": byte 0: the header claims ", length,
                                    " bytes, at most ", kMaxHeaderBytes,
                                    " were expected; this is not a safetensors file"));
  }
  if (length > header->file_bytes - 8) {
    return DataLossError(Cat(path, ": byte 0: the header claims ", length, " bytes, the file has ",
                             header->file_bytes, "; it is truncated, download it again"));
  }
  std::string text(static_cast<std::size_t>(length), '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  if (!in) return DataLossError(Cat(path, ": byte 8: the header cannot be read; check the disk"));
  header->data_begin = 8 + length;
  return text;
}

}  // namespace

std::string_view DTypeName(DType dtype) { return RowOf(dtype).name; }

DTypeBlock DTypeBlockOf(DType dtype) { return RowOf(dtype).block; }

std::uint64_t BytesOf(DType dtype, std::uint64_t elements) {
  const DTypeBlock block = DTypeBlockOf(dtype);
  return elements / block.elements * block.bytes;
}

std::optional<std::uint64_t> TensorBytes(DType dtype, const std::vector<std::uint64_t>& shape) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 59;
  std::uint64_t elements = 1;
  bool empty = false;
  for (const std::uint64_t dimension : shape) empty = empty || dimension == 0;
  if (empty) return 0;
  for (const std::uint64_t dimension : shape) {
    if (dimension > kMost / elements) return std::nullopt;
    elements *= dimension;
  }
  const DTypeBlock block = DTypeBlockOf(dtype);
  // The blocks of ggml lie within rows; sub-byte elements of safetensors run through.
  const std::uint64_t row = RowOf(dtype).in_safetensors || shape.empty() ? elements : shape.back();
  if (row % block.elements != 0 || elements / block.elements > kMost / block.bytes) {
    return std::nullopt;
  }
  return elements / block.elements * block.bytes;
}

StatusOr<SafetensorsHeader> ReadSafetensorsHeader(const std::string& path,
                                                  const std::string& file) {
  SafetensorsHeader header;
  TOKGRAFT_ASSIGN_OR_RETURN(std::string text, ReadHeaderText(path, &header));
  const std::string name = Cat(path, ": header");
  TOKGRAFT_ASSIGN_OR_RETURN(JsonDocument document, JsonDocument::Parse(text, name));
  if (document.root().type() != JsonType::kObject) {
    return InvalidArgumentError(
        Cat(name, ": is not a JSON object; this is not a safetensors file"));
  }
  TOKGRAFT_RETURN_IF_ERROR(
      document.root().ForEachMember([&](std::string_view key, JsonValue value) -> Status {
        if (key == "__metadata__") {
          header.metadata = value.Minified();
          return value.ForEachMember(
              [](std::string_view, JsonValue entry) -> Status { return entry.String().status(); });
        }
        TOKGRAFT_ASSIGN_OR_RETURN(TensorInfo tensor, ParseTensor(key, value, file));
        header.tensors.push_back(std::move(tensor));
        return absl::OkStatus();
      }));
  TOKGRAFT_RETURN_IF_ERROR(CheckNames(path, header.tensors));
  TOKGRAFT_RETURN_IF_ERROR(
      CheckTiling(path, header.file_bytes - header.data_begin, &header.tensors));
  for (TensorInfo& tensor : header.tensors) {
    tensor.begin += header.data_begin;
    tensor.end += header.data_begin;
  }
  return header;
}

std::string BuildSafetensorsHeader(std::string_view metadata, std::vector<TensorInfo>* tensors) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!metadata.empty()) json["__metadata__"] = nlohmann::ordered_json::parse(metadata);
  std::uint64_t position = 0;
  for (TensorInfo& tensor : *tensors) {
    const std::uint64_t size = TensorBytes(tensor.dtype, tensor.shape).value_or(0);
    tensor.begin = position;
    tensor.end = position + size;
    position = tensor.end;
    // push_back of an ordered object is a linear search; names are unique by construction.
    nlohmann::ordered_json entry = {{"dtype", std::string(DTypeName(tensor.dtype))},
                                    {"shape", tensor.shape},
                                    {"data_offsets", {tensor.begin, tensor.end}}};
    json.get_ref<nlohmann::ordered_json::object_t&>().push_back({tensor.name, std::move(entry)});
  }
  std::string text = json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  while (text.size() % 8 != 0) text.push_back(' ');
  std::string out(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<char>((text.size() >> (8 * i)) & 0xFF);
  for (TensorInfo& tensor : *tensors) {
    tensor.begin += 8 + text.size();
    tensor.end += 8 + text.size();
  }
  return out + text;
}

}  // namespace tokgraft
