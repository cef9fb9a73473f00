// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s
// RUN: taso-opt %s -p convert-taso-to-linalg -t torch | filecheck %s --check-prefix=TORCH

// A call becomes one of a function that is declared, equal ones of one function.
// CHECK-LABEL: func.func @main
// CHECK-NEXT:    %0, %1 = func.call @extern_0(%a) : (tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xi64>)
// CHECK-NEXT:    %2, %3 = func.call @extern_0(%b) : (tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xi64>)
// CHECK-NEXT:    %4 = func.call @extern_1() : () -> tensor<4xi64>
// CHECK:       func.func private @extern_0(tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xi64>) attributes {taso.op = "taso.extern", taso.attrs = {overload = "aten.sort.default", arguments = "$0, 0", random = false}}
// CHECK-NEXT:  func.func private @extern_1() -> tensor<4xi64> attributes {taso.op = "taso.extern", taso.attrs = {overload = "aten.arange.default", arguments = "4, dtype=int64", random = false}}
// TORCH:       def main(a, b):
// TORCH-NEXT:    sort, sort_1 = torch.ops.aten.sort.default(a, 0)
// TORCH-NEXT:    del sort_1
// TORCH-NEXT:    sort_2, sort_3 = torch.ops.aten.sort.default(b, 0)
// TORCH-NEXT:    del sort_2
// TORCH-NEXT:    arange = torch.ops.aten.arange.default(4, dtype=torch.int64, device=a.device)
// TORCH-NEXT:    return (sort, sort_3, arange)
func.func @main(%a: tensor<4x3xf32>, %b: tensor<4x3xf32>) -> (tensor<4x3xf32>, tensor<4x3xi64>, tensor<4xi64>) {
  %0, %1 = taso.extern %a, overload = "aten.sort.default", arguments = "$0, 0", random = false : tensor<4x3xf32> -> tensor<4x3xf32>, tensor<4x3xi64>
  %2, %3 = taso.extern %b, overload = "aten.sort.default", arguments = "$0, 0", random = false : tensor<4x3xf32> -> tensor<4x3xf32>, tensor<4x3xi64>
  %4 = taso.extern overload = "aten.arange.default", arguments = "4, dtype=int64", random = false : -> tensor<4xi64>
  func.return %0, %3, %4 : tensor<4x3xf32>, tensor<4x3xi64>, tensor<4xi64>
}
