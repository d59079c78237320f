import Inference
import Testing
