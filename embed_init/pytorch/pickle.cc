#include "embed_init/pytorch/pickle.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "embed_init/safetensors/header.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

// Far more than models have: some fifteen objects describe a tensor.
constexpr std::size_t kMostObjects = 4'000'000;
constexpr std::size_t kMostMarks = 1000;
constexpr std::size_t kMostDimensions = 64;
constexpr std::size_t kMostPickleBytes = std::size_t{256} << 20;

enum class Kind : std::uint8_t {
  kNone,
  kBool,
  kInt,
  kFloat,
  kText,
  kTuple,    // items [index, index + count) of items_
  kList,     // what it holds is not looked at
  kDict,     // dicts_[index]
  kGlobal,   // callables and types: kGlobals[index]
  kStorage,  // storages_[index]
  kTensor,   // tensors_[index]
};

std::string_view KindName(Kind kind) {
  static constexpr std::string_view kNames[] = {"None",   "a bool",    "a number", "a number",
                                                "a text", "a tuple",   "a list",   "a dict",
                                                "a type", "a storage", "a tensor"};
  return kNames[static_cast<std::size_t>(kind)];
}

// A text of the file as a message shows it.
std::string Shown(std::string_view text) {
  constexpr std::size_t kMost = 200;
  if (!IsValidUtf8(text)) return "(no valid UTF-8)";
  return text.size() <= kMost ? std::string(text) : Cat("(a name of ", text.size(), " bytes)");
}

struct Object {
  Kind kind = Kind::kNone;
  std::int64_t number = 0;  // of numbers
  std::size_t index = 0;
  std::size_t count = 0;
  std::string_view text = {};
};
using Ref = std::uint32_t;  // an object's place

enum class Call : std::uint8_t { kNothing, kOrderedDict, kTensor2, kTensor3, kParameter };

struct Global {
  std::string_view module;
  std::string_view name;
  Call call = Call::kNothing;
  std::optional<DType> dtype = std::nullopt;  // of a storage or of an element
};

constexpr Global kGlobals[] = {
    {"collections", "OrderedDict", Call::kOrderedDict},
    {"torch._utils", "_rebuild_tensor_v2", Call::kTensor2},
    {"torch._utils", "_rebuild_tensor_v3", Call::kTensor3},
    {"torch._utils", "_rebuild_parameter", Call::kParameter},
    {"torch", "DoubleStorage", Call::kNothing, DType::kF64},
    {"torch", "FloatStorage", Call::kNothing, DType::kF32},
    {"torch", "HalfStorage", Call::kNothing, DType::kF16},
    {"torch", "BFloat16Storage", Call::kNothing, DType::kBf16},
    {"torch", "LongStorage", Call::kNothing, DType::kI64},
    {"torch", "IntStorage", Call::kNothing, DType::kI32},
    {"torch", "ShortStorage", Call::kNothing, DType::kI16},
    {"torch", "CharStorage", Call::kNothing, DType::kI8},
    {"torch", "ByteStorage", Call::kNothing, DType::kU8},
    {"torch", "BoolStorage", Call::kNothing, DType::kBool},
    {"torch", "ComplexFloatStorage", Call::kNothing, DType::kC64},
    // Bytes whose type stands with the tensor.
    {"torch", "UntypedStorage", Call::kNothing, DType::kU8},
    {"torch.storage", "UntypedStorage", Call::kNothing, DType::kU8},
    {"torch", "float8_e4m3fn", Call::kNothing, DType::kF8E4M3},
    {"torch", "float8_e5m2", Call::kNothing, DType::kF8E5M2},
    {"torch", "float8_e8m0fnu", Call::kNothing, DType::kF8E8M0},
    {"torch", "uint16", Call::kNothing, DType::kU16},
    {"torch", "uint32", Call::kNothing, DType::kU32},
    {"torch", "uint64", Call::kNothing, DType::kU64},
};

struct Storage {
  DType dtype = DType::kF32;
  std::string_view key;
  std::uint64_t elements = 0;
};

struct Tensor {
  std::size_t storage = 0;
  DType dtype = DType::kF32;
  std::uint64_t offset = 0;  // in elements
  std::vector<std::uint64_t> shape;
  bool contiguous = true;
};

class PickleMachine {
 public:
  PickleMachine(std::string_view bytes, const std::string& place) : bytes_(bytes), place_(place) {}

  StatusOr<std::vector<PickledTensor>> Run() {
    if (bytes_.size() > kMostPickleBytes) {
      return Error(Cat("has ", bytes_.size(), " bytes, at most ", kMostPickleBytes,
                       " were expected of a list of tensors"));
    }
    while (!stopped_) {
      operation_ = position_;
      TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view code, Take(1, "an operation"));
      TOKGRAFT_RETURN_IF_ERROR(Execute(static_cast<unsigned char>(code[0])));
      if (objects_.size() > kMostObjects || stack_.size() > kMostObjects ||
          memo_.size() > kMostObjects) {
        return Error(
            Cat("makes more than ", kMostObjects, " objects, a list of tensors was ", "expected"));
      }
    }
    return Result();
  }

 private:
  Status Error(std::string_view what) const {
    return InvalidArgumentError(
        Cat(place_, ": byte ", operation_, ": ", what, "; do not trust this file"));
  }
  Status Refuse(std::string_view what) const {
    return UnimplementedError(Cat(place_, ": byte ", operation_, ": ", what));
  }

  StatusOr<std::string_view> Take(std::uint64_t size, std::string_view what) {
    if (size > bytes_.size() - position_) {
      return DataLossError(Cat(place_, ": byte ", position_, ": ", what,
                               " goes beyond the end of the pickle; the file is damaged, download "
                               "it again"));
    }
    const std::string_view taken = bytes_.substr(position_, static_cast<std::size_t>(size));
    position_ += taken.size();
    return taken;
  }
  StatusOr<std::uint64_t> Uint(std::size_t size) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view bytes, Take(size, "a number"));
    std::uint64_t value = 0;
    for (std::size_t i = size; i > 0; --i) {
      value = (value << 8) | static_cast<unsigned char>(bytes[i - 1]);
    }
    return value;
  }
  StatusOr<std::string_view> Line() {
    const std::size_t end = bytes_.find('\n', position_);
    if (end == std::string_view::npos) return Take(bytes_.size(), "a name").status();
    const std::string_view line = bytes_.substr(position_, end - position_);
    position_ = end + 1;
    return line;
  }

  Status Push(const Object& object) {
    stack_.push_back(static_cast<Ref>(objects_.size()));
    objects_.push_back(object);
    return absl::OkStatus();
  }
  // Objects below the last mark are out of reach.
  StatusOr<Ref> Pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) {
      return Error("takes an object from an empty stack");
    }
    const Ref top = stack_.back();
    stack_.pop_back();
    return top;
  }
  StatusOr<Ref> Top() {
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref top, Pop());
    stack_.push_back(top);
    return top;
  }
  // The objects since the last mark, which goes with them.
  StatusOr<std::vector<Ref>> PopToMark() {
    if (marks_.empty()) return Error("goes back to a mark, but there is none");
    const auto first = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Ref> items(first, stack_.end());
    stack_.erase(first, stack_.end());
    marks_.pop_back();
    return items;
  }

  Status PushTuple(const std::vector<Ref>& items) {
    const Object tuple{.kind = Kind::kTuple, .index = items_.size(), .count = items.size()};
    items_.insert(items_.end(), items.begin(), items.end());
    return Push(tuple);
  }
  Status PushTupleOf(std::size_t count) {
    std::vector<Ref> items(count);
    for (std::size_t i = count; i > 0; --i) {
      TOKGRAFT_ASSIGN_OR_RETURN(items[i - 1], Pop());
    }
    return PushTuple(items);
  }
  Status PushDict() {
    dicts_.emplace_back();
    return Push({.kind = Kind::kDict, .index = dicts_.size() - 1});
  }
  Status PushInt(std::int64_t number) { return Push({.kind = Kind::kInt, .number = number}); }
  Status PushText(std::size_t length_bytes) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t size, Uint(length_bytes));
    TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view text, Take(size, "a text"));
    return Push({.kind = Kind::kText, .text = text});
  }
  // A number of any length, little endian, two's complement.
  Status PushLong(std::size_t length_bytes) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t size, Uint(length_bytes));
    if (size > 8) return Error(Cat("a whole number of ", size, " bytes, at most 8 were expected"));
    const auto count = static_cast<std::size_t>(size);
    TOKGRAFT_ASSIGN_OR_RETURN(std::uint64_t bits, Uint(count));
    if (count > 0 && count < 8 && (bits >> (8 * count - 1)) != 0)
      bits |= ~std::uint64_t{0} << (8 * count);
    return PushInt(static_cast<std::int64_t>(bits));
  }

  Status PushGlobal(std::string_view module, std::string_view name) {
    for (std::size_t i = 0; i < std::size(kGlobals); ++i) {
      if (kGlobals[i].module == module && kGlobals[i].name == name) {
        return Push({.kind = Kind::kGlobal, .index = i});
      }
    }
    return Refuse(Cat("asks for the global ", Shown(module), ".", Shown(name),
                      ", which no list of tensors needs; nothing was run. Do not trust this file, "
                      "or save its state_dict as safetensors where you do"));
  }

  Status Remember(std::uint64_t key) {
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref top, Top());
    memo_[key] = top;
    return absl::OkStatus();
  }
  Status Recall(std::size_t size) {
    TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t key, Uint(size));
    const auto at = memo_.find(key);
    if (at == memo_.end()) return Error(Cat("asks for object ", key, ", which was not stored"));
    stack_.push_back(at->second);
    return absl::OkStatus();
  }

  Status AppendItems(const std::vector<Ref>& items) {
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref target, Top());
    const Object& dict = objects_[target];
    if (dict.kind != Kind::kDict || items.size() % 2 != 0) {
      return Error(Cat("sets items of ", KindName(dict.kind), ", a dict and pairs were expected"));
    }
    for (std::size_t i = 0; i < items.size(); i += 2) {
      dicts_[dict.index].emplace_back(items[i], items[i + 1]);
    }
    return absl::OkStatus();
  }
  Status AppendToList() const {
    if (!stack_.empty() && objects_[stack_.back()].kind == Kind::kList) return absl::OkStatus();
    return Error("appends to what is no list");
  }

  // ('storage', TYPE, key, location, elements)
  Status PushStorage() {
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref ref, Pop());
    const Object& id = objects_[ref];
    if (id.kind != Kind::kTuple || id.count != 5) return NoStorage();
    const auto item = [&](std::size_t i) -> const Object& {
      return objects_[items_[id.index + i]];
    };
    const bool fits = item(0).kind == Kind::kText && item(0).text == "storage" &&
                      item(1).kind == Kind::kGlobal && kGlobals[item(1).index].dtype &&
                      item(2).kind == Kind::kText && item(4).kind == Kind::kInt &&
                      item(4).number >= 0;
    if (!fits) return NoStorage();
    storages_.push_back({.dtype = *kGlobals[item(1).index].dtype,
                         .key = item(2).text,
                         .elements = static_cast<std::uint64_t>(item(4).number)});
    return Push({.kind = Kind::kStorage, .index = storages_.size() - 1});
  }
  Status NoStorage() const {
    return Error(
        "names no storage of torch: ('storage', type, key, location, elements) was "
        "expected");
  }

  // Whole numbers of at least 0.
  StatusOr<std::vector<std::uint64_t>> Sizes(const Object& tuple) const {
    if (tuple.kind != Kind::kTuple) {
      return Error(
          Cat("the sizes of a tensor are ", KindName(tuple.kind), ", a tuple was expected"));
    }
    if (tuple.count > kMostDimensions) return Error("a tensor has too many dimensions");
    std::vector<std::uint64_t> sizes;
    for (std::size_t i = 0; i < tuple.count; ++i) {
      const Object& size = objects_[items_[tuple.index + i]];
      if (size.kind != Kind::kInt || size.number < 0) {
        return Error("a size of a tensor is no whole number of at least 0");
      }
      sizes.push_back(static_cast<std::uint64_t>(size.number));
    }
    return sizes;
  }

  // (storage, offset, sizes, strides, requires_grad, hooks[, dtype], ...)
  Status PushTensor(const Object& arguments, bool has_dtype) {
    if (arguments.count < (has_dtype ? 7 : 6)) return Error("a tensor has too few arguments");
    const auto item = [&](std::size_t i) -> const Object& {
      return objects_[items_[arguments.index + i]];
    };
    if (item(0).kind != Kind::kStorage || item(1).kind != Kind::kInt || item(1).number < 0) {
      return Error("a tensor has no storage or no place in it");
    }
    Tensor tensor{.storage = item(0).index,
                  .dtype = storages_[item(0).index].dtype,
                  .offset = static_cast<std::uint64_t>(item(1).number),
                  .shape = {}};
    if (has_dtype) {
      if (item(6).kind != Kind::kGlobal || !kGlobals[item(6).index].dtype) {
        return Error("a tensor has no element type");
      }
      tensor.dtype = *kGlobals[item(6).index].dtype;
    }
    TOKGRAFT_ASSIGN_OR_RETURN(tensor.shape, Sizes(item(2)));
    TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> strides, Sizes(item(3)));
    if (strides.size() != tensor.shape.size()) {
      return Error("a tensor has another number of strides than of dimensions");
    }
    const std::optional<std::uint64_t> bytes = TensorBytes(tensor.dtype, tensor.shape);
    if (!bytes) return Error("the shape of a tensor multiplies to more bytes than any file has");
    std::uint64_t expected = 1;
    for (std::size_t i = strides.size(); i > 0 && *bytes > 0; --i) {
      const std::uint64_t size = tensor.shape[i - 1];
      tensor.contiguous = tensor.contiguous && (size == 1 || strides[i - 1] == expected);
      expected *= size;
    }
    tensors_.push_back(std::move(tensor));
    return Push({.kind = Kind::kTensor, .index = tensors_.size() - 1});
  }

  Status Reduce() {
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref arguments_ref, Pop());
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref callable_ref, Pop());
    const Object callable = objects_[callable_ref];
    const Object arguments = objects_[arguments_ref];
    if (callable.kind != Kind::kGlobal || arguments.kind != Kind::kTuple) {
      return Error(Cat("calls ", KindName(callable.kind), " with ", KindName(arguments.kind)));
    }
    const Global& global = kGlobals[callable.index];
    switch (global.call) {
      case Call::kOrderedDict:
        if (arguments.count != 0) return Error("OrderedDict is called with arguments");
        return PushDict();
      case Call::kTensor2:
      case Call::kTensor3:
        return PushTensor(arguments, global.call == Call::kTensor3);
      case Call::kParameter:
        if (arguments.count == 0 || objects_[items_[arguments.index]].kind != Kind::kTensor) {
          return Error("a parameter is made of no tensor");
        }
        stack_.push_back(items_[arguments.index]);
        return absl::OkStatus();
      case Call::kNothing:
        break;
    }
    return Refuse(Cat("calls ", global.module, ".", global.name,
                      ", which no list of tensors needs; save its state_dict as safetensors"));
  }

  // State of a dict (the versions of modules that state_dict notes): not needed.
  Status Build() {
    TOKGRAFT_RETURN_IF_ERROR(Pop().status());
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref target, Top());
    if (objects_[target].kind == Kind::kDict) return absl::OkStatus();
    return Refuse(Cat("sets the state of ", KindName(objects_[target].kind),
                      ", which no list of tensors needs; save its state_dict as safetensors"));
  }

  Status StackGlobal() {
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref name, Pop());
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref module, Pop());
    if (objects_[name].kind != Kind::kText || objects_[module].kind != Kind::kText) {
      return Error("a global has no name");
    }
    return PushGlobal(objects_[module].text, objects_[name].text);
  }

  Status Execute(unsigned char code) {
    switch (code) {
      case 0x80: {  // PROTO
        TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t version, Uint(1));
        if (version <= 5) return absl::OkStatus();
        return Refuse(Cat("protocol ", version, " of pickle, at most 5 was expected"));
      }
      case 0x95:  // FRAME
        return Take(8, "a frame").status();
      case '.':  // STOP
        stopped_ = true;
        return absl::OkStatus();
      case '(':  // MARK
        if (marks_.size() >= kMostMarks) return Error("is nested too deeply");
        marks_.push_back(stack_.size());
        return absl::OkStatus();
      case 'N':
        return Push({});
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        return Push({.kind = Kind::kBool});
      case 'J': {  // BININT
        TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t bits, Uint(4));
        return PushInt(static_cast<std::int32_t>(static_cast<std::uint32_t>(bits)));
      }
      case 'K':    // BININT1
      case 'M': {  // BININT2
        TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t number, Uint(code == 'K' ? 1 : 2));
        return PushInt(static_cast<std::int64_t>(number));
      }
      case 0x8A:  // LONG1
        return PushLong(1);
      case 0x8B:  // LONG4
        return PushLong(4);
      case 'G':  // BINFLOAT
        TOKGRAFT_RETURN_IF_ERROR(Take(8, "a number").status());
        return Push({.kind = Kind::kFloat});
      case 'U':   // SHORT_BINSTRING
      case 0x8C:  // SHORT_BINUNICODE
        return PushText(1);
      case 'T':  // BINSTRING
      case 'X':  // BINUNICODE
        return PushText(4);
      case 0x8D:  // BINUNICODE8
        return PushText(8);
      default:
        return ExecuteOnObjects(code);
    }
  }

  Status ExecuteOnObjects(unsigned char code) {
    switch (code) {
      case ')':
        return PushTuple({});
      case 0x85:  // TUPLE1, TUPLE2, TUPLE3
      case 0x86:
      case 0x87:
        return PushTupleOf(code - 0x84U);
      case 't': {
        TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<Ref> items, PopToMark());
        return PushTuple(items);
      }
      case ']':
        return Push({.kind = Kind::kList});
      case 'a':  // APPEND
        TOKGRAFT_RETURN_IF_ERROR(Pop().status());
        return AppendToList();
      case 'e':  // APPENDS
        TOKGRAFT_RETURN_IF_ERROR(PopToMark().status());
        return AppendToList();
      case '}':
        return PushDict();
      case 's': {  // SETITEM
        TOKGRAFT_ASSIGN_OR_RETURN(const Ref value, Pop());
        TOKGRAFT_ASSIGN_OR_RETURN(const Ref key, Pop());
        return AppendItems({key, value});
      }
      case 'u': {  // SETITEMS
        TOKGRAFT_ASSIGN_OR_RETURN(const std::vector<Ref> items, PopToMark());
        return AppendItems(items);
      }
      case 'q':    // BINPUT
      case 'r': {  // LONG_BINPUT
        TOKGRAFT_ASSIGN_OR_RETURN(const std::uint64_t key, Uint(code == 'q' ? 1 : 4));
        return Remember(key);
      }
      case 0x94:  // MEMOIZE
        return Remember(memo_.size());
      case 'h':  // BINGET
        return Recall(1);
      case 'j':  // LONG_BINGET
        return Recall(4);
      case 'c': {  // GLOBAL
        TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view module, Line());
        TOKGRAFT_ASSIGN_OR_RETURN(const std::string_view name, Line());
        return PushGlobal(module, name);
      }
      case 0x93:
        return StackGlobal();
      case 'Q':  // BINPERSID
        return PushStorage();
      case 'R':
        return Reduce();
      case 'b':
        return Build();
      default:
        break;
    }
    constexpr char kDigits[] = "0123456789abcdef";
    return Refuse(
        Cat("operation 0x", kDigits[code >> 4], kDigits[code & 15],
            " of pickle is not one that torch.save writes for tensors; nothing was run. "
            "Do not trust this file, or save its state_dict as safetensors where you do"));
  }

  StatusOr<std::vector<PickledTensor>> Result() {
    TOKGRAFT_ASSIGN_OR_RETURN(const Ref root, Pop());
    if (objects_[root].kind != Kind::kDict) {
      return Refuse(Cat("the file holds ", KindName(objects_[root].kind),
                        ", a dict of tensors was expected; save the model's state_dict"));
    }
    std::vector<PickledTensor> result;
    std::set<std::string_view> names;
    for (const auto& [key, value] : dicts_[objects_[root].index]) {
      const std::string_view name = objects_[key].text;
      if (objects_[key].kind != Kind::kText || !IsValidUtf8(name)) {
        return Error("the name of a tensor is no text");
      }
      if (!names.insert(name).second) return Error(Cat("tensor ", Shown(name), " stands twice"));
      if (objects_[value].kind != Kind::kTensor) {
        return Refuse(Cat(Shown(name), " is ", KindName(objects_[value].kind),
                          ", a tensor was expected; save the model's state_dict"));
      }
      TOKGRAFT_ASSIGN_OR_RETURN(PickledTensor tensor,
                                Located(name, tensors_[objects_[value].index]));
      result.push_back(std::move(tensor));
    }
    return result;
  }

  StatusOr<PickledTensor> Located(std::string_view name, const Tensor& tensor) const {
    const Storage& storage = storages_[tensor.storage];
    const std::uint64_t storage_unit = DTypeBlockOf(storage.dtype).bytes;
    const std::uint64_t unit = DTypeBlockOf(tensor.dtype).bytes;
    const std::uint64_t size = *TensorBytes(tensor.dtype, tensor.shape);
    constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
    const bool fits = storage.elements <= kMost / storage_unit && tensor.offset <= kMost / unit &&
                      tensor.offset * unit <= storage.elements * storage_unit &&
                      size <= storage.elements * storage_unit - tensor.offset * unit;
    if (!fits) return Error(Cat("tensor ", Shown(name), " goes beyond its storage"));
    if (!tensor.contiguous) {
      return Refuse(Cat("tensor ", Shown(name),
                        " is not contiguous (transposed or sliced), rows one after the other were "
                        "expected; save it with .contiguous()"));
    }
    return PickledTensor{.name = std::string(name),
                         .dtype = tensor.dtype,
                         .shape = tensor.shape,
                         .storage = std::string(storage.key),
                         .storage_bytes = storage.elements * storage_unit,
                         .begin = tensor.offset * unit};
  }

  std::string_view bytes_;
  const std::string& place_;
  std::size_t position_ = 0;
  std::size_t operation_ = 0;  // where the operation that runs began
  bool stopped_ = false;
  std::vector<Object> objects_;
  std::vector<Ref> stack_;
  std::vector<std::size_t> marks_;  // sizes of the stack
  std::unordered_map<std::uint64_t, Ref> memo_;
  std::vector<Ref> items_;  // of tuples
  std::vector<std::vector<std::pair<Ref, Ref>>> dicts_;
  std::vector<Storage> storages_;
  std::vector<Tensor> tensors_;
};

}  // namespace

StatusOr<std::vector<PickledTensor>> ReadPickledTensors(std::string_view pickle,
                                                        const std::string& place) {
  return PickleMachine(pickle, place).Run();
}

}  // namespace tokgraft
