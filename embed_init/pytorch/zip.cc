#include "embed_init/pytorch/zip.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace tokgraft {
namespace {

constexpr std::string_view kLocalMark = "PK\x03\x04";
constexpr std::string_view kCentralMark = "PK\x01\x02";
constexpr std::string_view kEndMark = "PK\x05\x06";
constexpr std::string_view kEnd64Mark = "PK\x06\x06";
constexpr std::string_view kLocator64Mark = "PK\x06\x07";
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kCentralBytes = 46;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocator64Bytes = 20;
constexpr std::size_t kMostComment = 0xFFFF;
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;  // "see the zip64 field"
constexpr std::uint16_t kField64 = 0x0001;

std::uint64_t Number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) {
    value = (value << 8) | static_cast<unsigned char>(bytes[at + i - 1]);
  }
  return value;
}

// Where the list of entries stands.
struct Directory {
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

struct CentralEntry {
  std::string_view name;
  std::uint64_t packed = 0;  // bytes in the file
  std::uint64_t size = 0;    // bytes unpacked
  std::uint64_t local = 0;   // where its own header stands
};

class ZipReader {
 public:
  ZipReader(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  StatusOr<std::vector<ZipEntry>> Run() {
    TOKGRAFT_ASSIGN_OR_RETURN(const Directory directory, FindDirectory());
    if (directory.begin > bytes_.size() || directory.size > bytes_.size() - directory.begin) {
      return Truncated(directory.begin, "the list of entries");
    }
    if (directory.entries > directory.size / kCentralBytes) {
      return Malformed(directory.begin, Cat(directory.entries, " entries are claimed in a list of ",
                                            directory.size, " bytes"));
    }
    std::vector<ZipEntry> entries;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> taken;  // headers included
    std::uint64_t at = directory.begin;
    const std::uint64_t end = directory.begin + directory.size;
    for (std::uint64_t i = 0; i < directory.entries; ++i) {
      TOKGRAFT_ASSIGN_OR_RETURN(const CentralEntry central, ReadCentral(end, &at));
      TOKGRAFT_ASSIGN_OR_RETURN(ZipEntry entry, ReadLocal(central, directory.begin));
      taken.emplace_back(central.local, entry.end);
      entries.push_back(std::move(entry));
    }
    std::sort(taken.begin(), taken.end());
    for (std::size_t i = 1; i < taken.size(); ++i) {
      if (taken[i].first < taken[i - 1].second) {
        return Malformed(taken[i].first, "two entries overlap");
      }
    }
    std::sort(entries.begin(), entries.end(),
              [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; });
    for (std::size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].name == entries[i - 1].name) {
        return Malformed(entries[i].begin, Cat("entry ", entries[i].name, " stands twice"));
      }
    }
    return entries;
  }

 private:
  Status Malformed(std::uint64_t at, std::string_view what) const {
    return InvalidArgumentError(Cat(path_, ": byte ", at, ": ", what,
                                    ", a sound zip archive was expected; do not trust this file"));
  }
  Status Truncated(std::uint64_t at, std::string_view what) const {
    return DataLossError(Cat(path_, ": byte ", at, ": ", what, " goes beyond the end of the file (",
                             bytes_.size(), " bytes); it is truncated, download it again"));
  }
  bool HasMark(std::uint64_t at, std::string_view mark) const {
    return at <= bytes_.size() && bytes_.substr(static_cast<std::size_t>(at), 4) == mark;
  }

  StatusOr<Directory> FindDirectory() const {
    // The end record stands last, before a comment of 65,535 bytes at most.
    const std::size_t most = kEndBytes + kMostComment;
    const std::size_t lowest = bytes_.size() > most ? bytes_.size() - most : 0;
    const std::string_view tail = bytes_.substr(lowest);
    for (std::size_t at = tail.rfind(kEndMark); at != std::string_view::npos;
         at = at == 0 ? std::string_view::npos : tail.rfind(kEndMark, at - 1)) {
      if (tail.size() - at < kEndBytes) continue;
      if (at + kEndBytes + Number(tail, at + 20, 2) == tail.size()) return ReadEnd(lowest + at);
    }
    return DataLossError(Cat(path_, ": byte ", bytes_.size(),
                             ": the file ends without the list of its entries that a zip archive "
                             "ends with; it is truncated, download it again"));
  }

  StatusOr<Directory> ReadEnd(std::size_t at) const {
    if (at >= kLocator64Bytes && HasMark(at - kLocator64Bytes, kLocator64Mark)) {
      const std::uint64_t end64 = Number(bytes_, at - kLocator64Bytes + 8, 8);
      if (end64 > bytes_.size() || bytes_.size() - end64 < kEnd64Bytes) {
        return Truncated(end64, "the zip64 end record");
      }
      if (!HasMark(end64, kEnd64Mark)) return Malformed(end64, "no zip64 end record stands there");
      const auto place = static_cast<std::size_t>(end64);
      return Directory{.begin = Number(bytes_, place + 48, 8),
                       .size = Number(bytes_, place + 40, 8),
                       .entries = Number(bytes_, place + 32, 8)};
    }
    return Directory{.begin = Number(bytes_, at + 16, 4),
                     .size = Number(bytes_, at + 12, 4),
                     .entries = Number(bytes_, at + 10, 2)};
  }

  // Sizes and place that did not fit into 32 bits.
  Status ReadField64(std::string_view extra, std::uint64_t at, CentralEntry* entry) const {
    while (extra.size() >= 4) {
      const auto size = static_cast<std::size_t>(Number(extra, 2, 2));
      if (size > extra.size() - 4) return Malformed(at, "an extra field goes beyond its entry");
      std::string_view field = extra.substr(4, size);
      const bool is_64 = Number(extra, 0, 2) == kField64;
      extra.remove_prefix(4 + size);
      if (!is_64) continue;
      for (std::uint64_t* value : {&entry->size, &entry->packed, &entry->local}) {
        if (*value != kIn64) continue;
        if (field.size() < 8) return Malformed(at, "a zip64 field is too short");
        *value = Number(field, 0, 8);
        field.remove_prefix(8);
      }
      return absl::OkStatus();
    }
    return absl::OkStatus();
  }

  StatusOr<CentralEntry> ReadCentral(std::uint64_t end, std::uint64_t* at) const {
    const auto place = static_cast<std::size_t>(*at);
    if (end - *at < kCentralBytes) return Malformed(*at, "the list of entries is too short");
    if (!HasMark(*at, kCentralMark)) return Malformed(*at, "no entry of the list stands there");
    const auto name_bytes = static_cast<std::size_t>(Number(bytes_, place + 28, 2));
    const auto extra_bytes = static_cast<std::size_t>(Number(bytes_, place + 30, 2));
    const std::size_t total = kCentralBytes + name_bytes + extra_bytes +
                              static_cast<std::size_t>(Number(bytes_, place + 32, 2));
    if (end - *at < total) return Malformed(*at, "the list of entries is too short");
    CentralEntry entry{.name = bytes_.substr(place + kCentralBytes, name_bytes),
                       .packed = Number(bytes_, place + 20, 4),
                       .size = Number(bytes_, place + 24, 4),
                       .local = Number(bytes_, place + 42, 4)};
    TOKGRAFT_RETURN_IF_ERROR(
        ReadField64(bytes_.substr(place + kCentralBytes + name_bytes, extra_bytes), *at, &entry));
    if ((Number(bytes_, place + 8, 2) & 1) != 0) {
      return UnimplementedError(Cat(path_, ": byte ", *at, ": entry ", entry.name,
                                    " is encrypted, a plain one was expected; save it again"));
    }
    if (Number(bytes_, place + 10, 2) != 0 || entry.packed != entry.size) {
      return UnimplementedError(Cat(path_, ": byte ", *at, ": entry ", entry.name,
                                    " is compressed, torch.save stores entries as they are; load "
                                    "it with torch and save it again"));
    }
    *at += total;
    return entry;
  }

  StatusOr<ZipEntry> ReadLocal(const CentralEntry& central, std::uint64_t directory) const {
    if (central.local > directory || directory - central.local < kLocalBytes) {
      return Truncated(central.local, Cat("entry ", central.name));
    }
    const auto place = static_cast<std::size_t>(central.local);
    if (!HasMark(place, kLocalMark) || Number(bytes_, place + 8, 2) != 0) {
      return Malformed(place, Cat("entry ", central.name, " has no header of a stored entry"));
    }
    const std::uint64_t name_bytes = Number(bytes_, place + 26, 2);
    const std::uint64_t begin =
        central.local + kLocalBytes + name_bytes + Number(bytes_, place + 28, 2);
    if (begin > directory || central.size > directory - begin) {
      return Truncated(begin, Cat("entry ", central.name));
    }
    if (bytes_.substr(place + kLocalBytes, static_cast<std::size_t>(name_bytes)) != central.name) {
      return Malformed(place, Cat("entry ", central.name, " has another name in its own header"));
    }
    return ZipEntry{std::string(central.name), begin, begin + central.size};
  }

  std::string_view bytes_;
  const std::string& path_;
};

}  // namespace

bool LooksLikeZip(std::string_view bytes) {
  return bytes.starts_with(kLocalMark) || bytes.starts_with(kEndMark);
}

StatusOr<std::vector<ZipEntry>> ReadZipDirectory(std::string_view bytes, const std::string& path) {
  return ZipReader(bytes, path).Run();
}

}  // namespace tokgraft
