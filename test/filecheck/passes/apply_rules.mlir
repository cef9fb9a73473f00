// RUN: taso-opt %s -p 'taso-apply-rules{rules=matmul-factor-left}' | filecheck %s --check-prefix=FACTOR
// RUN: taso-opt %s -p 'taso-apply-rules{rules=matmul-factor-left,matmul-factor-left-reversed}' | filecheck %s --check-prefix=BACK
// RUN: taso-opt %s -p 'taso-apply-rules{rules=matmul-concat-weights}' | filecheck %s --check-prefix=JOIN
// RUN: taso-opt %s -p 'taso-apply-rules{rules=matmul-concat-weights-2}' | filecheck %s --check-prefix=PAIR
// RUN: taso-opt %s -p 'taso-apply-rules{rules=transpose-compose}' | filecheck %s --check-prefix=SWEEP
// RUN: not taso-opt %s -p 'taso-apply-rules{rules=matmul-factor-lft}' 2>&1 | filecheck %s --check-prefix=UNKNOWN

// UNKNOWN: error: unknown rule 'matmul-factor-lft'; did you mean matmul-factor-left

// The right side is used where the left was; what is dead by that goes. Rules run in the order
// given.
func.func @one_root(%a: tensor<4x3xf32>, %b: tensor<3x5xf32>, %c: tensor<3x5xf32>) -> tensor<4x5xf32> {
  %0 = taso.matmul %a, %b : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %1 = taso.matmul %a, %c : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %2 = taso.add %0, %1 : tensor<4x5xf32>
  func.return %2 : tensor<4x5xf32>
}
// FACTOR-LABEL: @one_root
// FACTOR-NEXT:    %0 = taso.add %b, %c : tensor<3x5xf32>
// FACTOR-NEXT:    %1 = taso.matmul %a, %0
// FACTOR-NEXT:    func.return %1
// BACK-LABEL: @one_root
// BACK-NEXT:      %0 = taso.matmul %a, %b
// BACK-NEXT:      %1 = taso.matmul %a, %c
// BACK-NEXT:      %2 = taso.add %0, %1
// BACK-NEXT:      func.return %2

// A part that has other uses stays.
func.func @used_inside(%a: tensor<4x3xf32>, %b: tensor<3x5xf32>, %c: tensor<3x5xf32>) -> (tensor<4x5xf32>, tensor<4x5xf32>) {
  %0 = taso.matmul %a, %b : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %1 = taso.matmul %a, %c : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %2 = taso.add %1, %0 : tensor<4x5xf32>
  func.return %0, %2 : tensor<4x5xf32>, tensor<4x5xf32>
}
// FACTOR-LABEL: @used_inside
// FACTOR-NEXT:    %0 = taso.matmul %a, %b
// FACTOR-NEXT:    %1 = taso.add %c, %b
// FACTOR-NEXT:    %2 = taso.matmul %a, %1
// FACTOR-NEXT:    func.return %0, %2

// Different left operands do not factor.
func.func @must_not_factor(%a: tensor<4x3xf32>, %b: tensor<3x5xf32>, %d: tensor<4x3xf32>, %c: tensor<3x5xf32>) -> tensor<4x5xf32> {
  %0 = taso.matmul %a, %b : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %1 = taso.matmul %d, %c : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %2 = taso.add %0, %1 : tensor<4x5xf32>
  func.return %2 : tensor<4x5xf32>
}
// FACTOR-LABEL: @must_not_factor
// FACTOR:         taso.add %0, %1 : tensor<4x5xf32>

// The weight that is computed after the first root moves up before it.
func.func @siblings(%x: tensor<4x3xf32>, %v: tensor<3x2xf32>, %w: tensor<3x5xf32>, %u: tensor<3x1xf32>) -> (tensor<4x2xf32>, tensor<4x5xf32>, tensor<4x1xf32>) {
  %0 = taso.matmul %x, %v : tensor<4x3xf32>, tensor<3x2xf32> -> tensor<4x2xf32>
  %1 = taso.exp %0 : tensor<4x2xf32>
  %2 = taso.neg %w : tensor<3x5xf32>
  %3 = taso.matmul %x, %2 : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %4 = taso.matmul %x, %u : tensor<4x3xf32>, tensor<3x1xf32> -> tensor<4x1xf32>
  func.return %1, %3, %4 : tensor<4x2xf32>, tensor<4x5xf32>, tensor<4x1xf32>
}
// JOIN-LABEL: @siblings
// JOIN-NEXT:      %[[W:.*]] = taso.neg %w
// JOIN-NEXT:      %[[C:.*]] = taso.concat %v, %[[W]], %u, axis = 1
// JOIN-NEXT:      %[[Y:.*]] = taso.matmul %x, %[[C]] : {{.*}} -> tensor<4x8xf32>
// JOIN-NEXT:      %[[S:.*]], %[[T:.*]], %[[R:.*]] = taso.split %[[Y]], axis = 1, sizes = [2, 5, 1]
// JOIN-NEXT:      %[[E:.*]] = taso.exp %[[S]]
// JOIN-NEXT:      func.return %[[E]], %[[T]], %[[R]]
// PAIR-LABEL: @siblings
// PAIR:           taso.split {{.*}} sizes = [2, 5]
// PAIR:           taso.matmul %x, %u

// Roots that depend on one another are no siblings; the third product joins the first.
func.func @dependent(%x: tensor<3x3xf32>, %v: tensor<3x3xf32>, %w: tensor<3x2xf32>) -> (tensor<3x3xf32>, tensor<3x2xf32>) {
  %0 = taso.matmul %x, %v : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %1 = taso.exp %0 : tensor<3x3xf32>
  %2 = taso.matmul %x, %1 : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %3 = taso.matmul %x, %w : tensor<3x3xf32>, tensor<3x2xf32> -> tensor<3x2xf32>
  func.return %2, %3 : tensor<3x3xf32>, tensor<3x2xf32>
}
// JOIN-LABEL: @dependent
// JOIN-NEXT:      %[[C:.*]] = taso.concat %v, %w, axis = 1
// JOIN-NEXT:      %[[Y:.*]] = taso.matmul %x, %[[C]]
// JOIN-NEXT:      %[[S:.*]], %[[T:.*]] = taso.split %[[Y]], axis = 1, sizes = [3, 2]
// JOIN-NEXT:      %[[E:.*]] = taso.exp %[[S]]
// JOIN-NEXT:      %[[Z:.*]] = taso.matmul %x, %[[E]]
// JOIN-NEXT:      func.return %[[Z]], %[[T]]

// A sweep matches what it made where that is an operand, never as a root.
func.func @sweep(%a: tensor<2x3x4xf32>) -> tensor<2x3x4xf32> {
  %0 = taso.transpose %a, perm = [1, 2, 0] : tensor<2x3x4xf32> -> tensor<3x4x2xf32>
  %1 = taso.transpose %0, perm = [1, 2, 0] : tensor<3x4x2xf32> -> tensor<4x2x3xf32>
  %2 = taso.transpose %1, perm = [1, 2, 0] : tensor<4x2x3xf32> -> tensor<2x3x4xf32>
  func.return %2 : tensor<2x3x4xf32>
}
// SWEEP-LABEL: @sweep
// SWEEP-NEXT:    %0 = taso.transpose %a, perm = [0, 1, 2]
// SWEEP-NEXT:    func.return %0
