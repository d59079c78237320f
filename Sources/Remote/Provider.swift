internal import GraphCore
