// Where a JSON value ends, in text that comes byte by byte. Brackets have to match and strings to
// close; whether what stands between them is right is for whoever reads the value.
#pragma once

#include <string>

namespace spyre::serve::openai {

class JsonExtent {
 public:
  enum class Step {
    kInside,  // the byte belongs to the value, which goes on
    kEnds,    // the byte is the value's last
    kBehind,  // the value, a number or a word, ended before this byte
    kBroken,  // this byte cannot stand here in JSON
  };

  // Bytes of one value from its first on; after another step than kInside it is over.
  Step push(char byte);

 private:
  Step push_in_text(char byte);
  Step close(char bracket);

  std::string closers_;  // of the open brackets, outermost first
  bool begun_ = false;
  bool in_text_ = false;
  bool escaped_ = false;
};

bool is_json_space(char byte);

}  // namespace spyre::serve::openai
