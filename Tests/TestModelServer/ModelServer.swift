internal import HTTP
