// OpenVINO's exceptions as one sentence.
#pragma once

#include <string>
#include <string_view>

namespace plinth::openvino {

// "Exception from src/…:84:\nCheck 'false' failed at …:\nModel wasn't fully converted.\n…" without
// where in OpenVINO it was thrown and without advice on extending OpenVINO.
std::string CleanMessage(std::string_view message);

}  // namespace plinth::openvino
