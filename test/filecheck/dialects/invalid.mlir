// RUN: taso-opt %s --split-input-file --parsing-diagnostics --verify-diagnostics | filecheck %s

// The custom form: an error has a place.
func.func @axis(%a: tensor<2x3xf32>) {
  // CHECK: invalid.mlir:6:21
  %r = taso.softmax %a, axis = 2 : tensor<2x3xf32> -> tensor<2x3xf32>
  // CHECK: 'taso.softmax' (C1) axis 2 is not in [0, 2)
  func.return
}

// -----
func.func @result(%a: tensor<2x3xf32>) {
  // CHECK: 'taso.transpose' (T1) result is tensor<2x3xf32>, expected tensor<3x2xf32>
  %r = taso.transpose %a, perm = [1, 0] : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return
}

// -----
func.func @dynamic(%a: tensor<?xf32>) {
  // CHECK: (T0) tensor<?xf32> has a dynamic dim; shapes are static
  %r = taso.exp %a : tensor<?xf32>
  func.return
}

// -----
func.func @element_type(%a: tensor<2xi8>) {
  // CHECK: (T0) element type i8 is not supported
  %r = taso.neg %a : tensor<2xi8>
  func.return
}

// -----
func.func @unknown_attribute(%a: tensor<2xf32>) {
  // CHECK: 'taso.softmax' takes no attribute 'axes' here
  %r = taso.softmax %a, axes = 0 : tensor<2xf32> -> tensor<2xf32>
  func.return
}

// -----
func.func @missing_attribute(%a: tensor<2xf32>) {
  // CHECK: 'taso.slice' needs attribute 'stop'
  %r = taso.slice %a, axis = 0, start = 0 : tensor<2xf32> -> tensor<2xf32>
  func.return
}

// -----
func.func @order(%a: tensor<2xf32>) {
  // CHECK: %late is used before it is defined
  %r = taso.exp %late : tensor<2xf32>
  %late = taso.exp %a : tensor<2xf32>
  func.return
}

// -----
func.func @number() {
  // CHECK: 'taso.constant' (C2) 2147483648 is no value of type i32
  %r = taso.constant 2147483648 : tensor<i32>
  func.return
}

// -----
func.func @yield(%a: tensor<2xf32>) {
  // CHECK: 'taso.kernel' (C2) yields other types than its results
  %r = taso.kernel(%x = %a : tensor<2xf32>) -> tensor<2xf32> {
    taso.yield
  }
  func.return
}

// -----
// The generic form: the op is marked.
func.func @operands(%a: tensor<2xf32>, %b: tensor<3xf32>) {
  // CHECK: 'taso.add' (C1) operand types differ: tensor<2xf32> and tensor<3xf32>
  %r = "taso.add"(%a, %b) : (tensor<2xf32>, tensor<3xf32>) -> tensor<2xf32>
  func.return
}
