// RUN: taso-opt %s -p 'taso-apply-rules{rules=matmul-factor-left,matmul-factor-right,matmul-factor-left-sub,matmul-factor-right-sub,matmul-associate,matmul-scale-into-left,matmul-scale-out-of-right,matmul-column-scale,matmul-concat-inner-reversed,matmul-of-concat-columns,matmul-of-concat-rows,matmul-concat-linear}' | filecheck %s --check-prefix=A
// RUN: taso-opt %s -p 'taso-apply-rules{rules=matmul-factor-left-reversed,matmul-factor-right-reversed,matmul-associate-reversed,matmul-scale-into-right,matmul-scale-out-of-left,matmul-of-concat-columns-reversed,matmul-of-concat-rows-reversed}' | filecheck %s --check-prefix=B
// RUN: taso-opt %s -p 'taso-apply-rules{rules=matmul-concat-inner,matmul-concat-weights,matmul-concat-weights-left,matmul-batch}' | filecheck %s --check-prefix=C

// Factoring, association, scales, and joins of products.

// A-LABEL: func.func @factor_left(
// A-NEXT:   %0 = taso.add %b, %c : tensor<2x4xf32>
// A-NEXT:   %add = taso.matmul %a, %0 : tensor<4x3x2xf32>, tensor<2x4xf32> -> tensor<4x3x4xf32>
// A-NEXT:   func.return %add : tensor<4x3x4xf32>
func.func @factor_left(%a: tensor<4x3x2xf32>, %b: tensor<2x4xf32>, %c: tensor<2x4xf32>) -> tensor<4x3x4xf32> {
  %matmul = taso.matmul %a, %b : tensor<4x3x2xf32>, tensor<2x4xf32> -> tensor<4x3x4xf32>
  %matmul_1 = taso.matmul %a, %c : tensor<4x3x2xf32>, tensor<2x4xf32> -> tensor<4x3x4xf32>
  %add = taso.add %matmul, %matmul_1 : tensor<4x3x4xf32>
  func.return %add : tensor<4x3x4xf32>
}

// A-LABEL: func.func @factor_right(
// A-NEXT:   %0 = taso.add %a, %d : tensor<5x4xf32>
// A-NEXT:   %add = taso.matmul %0, %b : tensor<5x4xf32>, tensor<3x4x3xf32> -> tensor<3x5x3xf32>
// A-NEXT:   func.return %add : tensor<3x5x3xf32>
func.func @factor_right(%a: tensor<5x4xf32>, %b: tensor<3x4x3xf32>, %d: tensor<5x4xf32>) -> tensor<3x5x3xf32> {
  %matmul = taso.matmul %a, %b : tensor<5x4xf32>, tensor<3x4x3xf32> -> tensor<3x5x3xf32>
  %matmul_1 = taso.matmul %d, %b : tensor<5x4xf32>, tensor<3x4x3xf32> -> tensor<3x5x3xf32>
  %add = taso.add %matmul, %matmul_1 : tensor<3x5x3xf32>
  func.return %add : tensor<3x5x3xf32>
}

// A-LABEL: func.func @factor_left_sub(
// A-NEXT:   %0 = taso.sub %b, %c : tensor<4x2xf32>
// A-NEXT:   %sub = taso.matmul %a, %0 : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
// A-NEXT:   func.return %sub : tensor<5x2xf32>
func.func @factor_left_sub(%a: tensor<5x4xf32>, %b: tensor<4x2xf32>, %c: tensor<4x2xf32>) -> tensor<5x2xf32> {
  %matmul = taso.matmul %a, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
  %matmul_1 = taso.matmul %a, %c : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
  %sub = taso.sub %matmul, %matmul_1 : tensor<5x2xf32>
  func.return %sub : tensor<5x2xf32>
}

// A-LABEL: func.func @factor_right_sub(
// A-NEXT:   %0 = taso.sub %a, %d : tensor<5x4xf32>
// A-NEXT:   %sub = taso.matmul %0, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
// A-NEXT:   func.return %sub : tensor<5x2xf32>
func.func @factor_right_sub(%a: tensor<5x4xf32>, %b: tensor<4x2xf32>, %d: tensor<5x4xf32>) -> tensor<5x2xf32> {
  %matmul = taso.matmul %a, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
  %matmul_1 = taso.matmul %d, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
  %sub = taso.sub %matmul, %matmul_1 : tensor<5x2xf32>
  func.return %sub : tensor<5x2xf32>
}

// A-LABEL: func.func @associate(
// A-NEXT:   %0 = taso.matmul %b, %c : tensor<3x5xf32>, tensor<5x2xf32> -> tensor<3x2xf32>
// A-NEXT:   %matmul = taso.matmul %a, %0 : tensor<2x4x3xf32>, tensor<3x2xf32> -> tensor<2x4x2xf32>
// A-NEXT:   func.return %matmul : tensor<2x4x2xf32>
func.func @associate(%a: tensor<2x4x3xf32>, %b: tensor<3x5xf32>, %c: tensor<5x2xf32>) -> tensor<2x4x2xf32> {
  %matmul = taso.matmul %a, %b : tensor<2x4x3xf32>, tensor<3x5xf32> -> tensor<2x4x5xf32>
  %matmul_1 = taso.matmul %matmul, %c : tensor<2x4x5xf32>, tensor<5x2xf32> -> tensor<2x4x2xf32>
  func.return %matmul_1 : tensor<2x4x2xf32>
}

// A-LABEL: func.func @scale_into_left(
// A-NEXT:   %0 = taso.constant 3.0 : tensor<3x4xf32>
// A-NEXT:   %1 = taso.mul %a, %0 : tensor<3x4xf32>
// A-NEXT:   %mul = taso.matmul %1, %b : tensor<3x4xf32>, tensor<4x2xf32> -> tensor<3x2xf32>
// A-NEXT:   func.return %mul : tensor<3x2xf32>
func.func @scale_into_left(%a: tensor<3x4xf32>, %b: tensor<4x2xf32>) -> tensor<3x2xf32> {
  %matmul = taso.matmul %a, %b : tensor<3x4xf32>, tensor<4x2xf32> -> tensor<3x2xf32>
  %splat = taso.constant 3.0 : tensor<3x2xf32>
  %mul = taso.mul %matmul, %splat : tensor<3x2xf32>
  func.return %mul : tensor<3x2xf32>
}

// A-LABEL: func.func @scale_out_of_right(
// A-NEXT:   %0 = taso.matmul %a, %b : tensor<4x2xf32>, tensor<2x5xf32> -> tensor<4x5xf32>
// A-NEXT:   %1 = taso.constant 2.0 : tensor<f32>
// A-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<4x5xf32>
// A-NEXT:   %matmul = taso.mul %0, %2 : tensor<4x5xf32>
// A-NEXT:   func.return %matmul : tensor<4x5xf32>
func.func @scale_out_of_right(%a: tensor<4x2xf32>, %b: tensor<2x5xf32>) -> tensor<4x5xf32> {
  %splat = taso.constant 2.0 : tensor<2x5xf32>
  %mul = taso.mul %b, %splat : tensor<2x5xf32>
  %matmul = taso.matmul %a, %mul : tensor<4x2xf32>, tensor<2x5xf32> -> tensor<4x5xf32>
  func.return %matmul : tensor<4x5xf32>
}

// A-LABEL: func.func @column_scale(
// A-NEXT:   %0 = taso.broadcast %row, dims = [1] : tensor<5xf32> -> tensor<2x5xf32>
// A-NEXT:   %1 = taso.mul %b, %0 : tensor<2x5xf32>
// A-NEXT:   %mul = taso.matmul %a, %1 : tensor<3x2xf32>, tensor<2x5xf32> -> tensor<3x5xf32>
// A-NEXT:   func.return %mul : tensor<3x5xf32>
func.func @column_scale(%a: tensor<3x2xf32>, %b: tensor<2x5xf32>, %row: tensor<5xf32>) -> tensor<3x5xf32> {
  %matmul = taso.matmul %a, %b : tensor<3x2xf32>, tensor<2x5xf32> -> tensor<3x5xf32>
  %broadcast = taso.broadcast %row, dims = [1] : tensor<5xf32> -> tensor<3x5xf32>
  %mul = taso.mul %matmul, %broadcast : tensor<3x5xf32>
  func.return %mul : tensor<3x5xf32>
}

// A-LABEL: func.func @concat_inner_reversed(
// A-NEXT:   %0 = taso.matmul %x, %b : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
// A-NEXT:   %1 = taso.matmul %y, %c : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
// A-NEXT:   %matmul = taso.add %0, %1 : tensor<2x5xf32>
// A-NEXT:   func.return %matmul : tensor<2x5xf32>
func.func @concat_inner_reversed(%x: tensor<2x4xf32>, %y: tensor<2x3xf32>, %b: tensor<4x5xf32>, %c: tensor<3x5xf32>) -> tensor<2x5xf32> {
  %concat = taso.concat %x, %y, axis = 1 : tensor<2x4xf32>, tensor<2x3xf32> -> tensor<2x7xf32>
  %concat_1 = taso.concat %b, %c, axis = 0 : tensor<4x5xf32>, tensor<3x5xf32> -> tensor<7x5xf32>
  %matmul = taso.matmul %concat, %concat_1 : tensor<2x7xf32>, tensor<7x5xf32> -> tensor<2x5xf32>
  func.return %matmul : tensor<2x5xf32>
}

// A-LABEL: func.func @of_concat_columns(
// A-NEXT:   %0 = taso.matmul %x, %b : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
// A-NEXT:   %1 = taso.matmul %x, %c : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
// A-NEXT:   %matmul = taso.concat %0, %1, axis = 1 : tensor<2x5xf32>, tensor<2x4xf32> -> tensor<2x9xf32>
// A-NEXT:   func.return %matmul : tensor<2x9xf32>
func.func @of_concat_columns(%x: tensor<2x3xf32>, %b: tensor<3x5xf32>, %c: tensor<3x4xf32>) -> tensor<2x9xf32> {
  %concat = taso.concat %b, %c, axis = 1 : tensor<3x5xf32>, tensor<3x4xf32> -> tensor<3x9xf32>
  %matmul = taso.matmul %x, %concat : tensor<2x3xf32>, tensor<3x9xf32> -> tensor<2x9xf32>
  func.return %matmul : tensor<2x9xf32>
}

// A-LABEL: func.func @of_concat_rows(
// A-NEXT:   %0 = taso.matmul %x, %b : tensor<5x4xf32>, tensor<4x3xf32> -> tensor<5x3xf32>
// A-NEXT:   %1 = taso.matmul %y, %b : tensor<2x4xf32>, tensor<4x3xf32> -> tensor<2x3xf32>
// A-NEXT:   %matmul = taso.concat %0, %1, axis = 0 : tensor<5x3xf32>, tensor<2x3xf32> -> tensor<7x3xf32>
// A-NEXT:   func.return %matmul : tensor<7x3xf32>
func.func @of_concat_rows(%x: tensor<5x4xf32>, %y: tensor<2x4xf32>, %b: tensor<4x3xf32>) -> tensor<7x3xf32> {
  %concat = taso.concat %x, %y, axis = 0 : tensor<5x4xf32>, tensor<2x4xf32> -> tensor<7x4xf32>
  %matmul = taso.matmul %concat, %b : tensor<7x4xf32>, tensor<4x3xf32> -> tensor<7x3xf32>
  func.return %matmul : tensor<7x3xf32>
}

// A-LABEL: func.func @concat_linear(
// A-NEXT:   %0 = taso.concat %w0, %w1, %w2, axis = 1 : tensor<2x5xf32>, tensor<2x4xf32>, tensor<2x5xf32> -> tensor<2x14xf32>
// A-NEXT:   %1 = taso.matmul %x, %0 : tensor<4x3x2xf32>, tensor<2x14xf32> -> tensor<4x3x14xf32>
// A-NEXT:   %2 = taso.concat %b0, %b1, %b2, axis = 0 : tensor<5xf32>, tensor<4xf32>, tensor<5xf32> -> tensor<14xf32>
// A-NEXT:   %3 = taso.broadcast %2, dims = [2] : tensor<14xf32> -> tensor<4x3x14xf32>
// A-NEXT:   %4 = taso.add %1, %3 : tensor<4x3x14xf32>
// A-NEXT:   %add, %add_1, %add_2 = taso.split %4, axis = 2, sizes = [5, 4, 5] : tensor<4x3x14xf32> -> tensor<4x3x5xf32>, tensor<4x3x4xf32>, tensor<4x3x5xf32>
// A-NEXT:   func.return %add, %add_1, %add_2 : tensor<4x3x5xf32>, tensor<4x3x4xf32>, tensor<4x3x5xf32>
func.func @concat_linear(%x: tensor<4x3x2xf32>, %w0: tensor<2x5xf32>, %b0: tensor<5xf32>, %w1: tensor<2x4xf32>, %b1: tensor<4xf32>, %w2: tensor<2x5xf32>, %b2: tensor<5xf32>) -> (tensor<4x3x5xf32>, tensor<4x3x4xf32>, tensor<4x3x5xf32>) {
  %matmul = taso.matmul %x, %w0 : tensor<4x3x2xf32>, tensor<2x5xf32> -> tensor<4x3x5xf32>
  %broadcast = taso.broadcast %b0, dims = [2] : tensor<5xf32> -> tensor<4x3x5xf32>
  %add = taso.add %matmul, %broadcast : tensor<4x3x5xf32>
  %matmul_1 = taso.matmul %x, %w1 : tensor<4x3x2xf32>, tensor<2x4xf32> -> tensor<4x3x4xf32>
  %broadcast_1 = taso.broadcast %b1, dims = [2] : tensor<4xf32> -> tensor<4x3x4xf32>
  %add_1 = taso.add %matmul_1, %broadcast_1 : tensor<4x3x4xf32>
  %matmul_2 = taso.matmul %x, %w2 : tensor<4x3x2xf32>, tensor<2x5xf32> -> tensor<4x3x5xf32>
  %broadcast_2 = taso.broadcast %b2, dims = [2] : tensor<5xf32> -> tensor<4x3x5xf32>
  %add_2 = taso.add %matmul_2, %broadcast_2 : tensor<4x3x5xf32>
  func.return %add, %add_1, %add_2 : tensor<4x3x5xf32>, tensor<4x3x4xf32>, tensor<4x3x5xf32>
}

// The shared operand stands on different sides.
// A-LABEL: func.func @no_shared_operand(
// A-NEXT:   %ab = taso.matmul %a, %b : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
// A-NEXT:   %ca = taso.matmul %c, %a : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
// A-NEXT:   %sum = taso.add %ab, %ca : tensor<3x3xf32>
// A-NEXT:   func.return %sum : tensor<3x3xf32>
func.func @no_shared_operand(%a: tensor<3x3xf32>, %b: tensor<3x3xf32>, %c: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %ab = taso.matmul %a, %b : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %ca = taso.matmul %c, %a : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %sum = taso.add %ab, %ca : tensor<3x3xf32>
  func.return %sum : tensor<3x3xf32>
}

// B-LABEL: func.func @factor_left_reversed(
// B-NEXT:   %0 = taso.matmul %a, %b : tensor<3x2xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
// B-NEXT:   %1 = taso.matmul %a, %c : tensor<3x2xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
// B-NEXT:   %matmul = taso.add %0, %1 : tensor<3x4xf32>
// B-NEXT:   func.return %matmul : tensor<3x4xf32>
func.func @factor_left_reversed(%a: tensor<3x2xf32>, %b: tensor<2x4xf32>, %c: tensor<2x4xf32>) -> tensor<3x4xf32> {
  %add = taso.add %b, %c : tensor<2x4xf32>
  %matmul = taso.matmul %a, %add : tensor<3x2xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
  func.return %matmul : tensor<3x4xf32>
}

// B-LABEL: func.func @factor_right_reversed(
// B-NEXT:   %0 = taso.matmul %a, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
// B-NEXT:   %1 = taso.matmul %d, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
// B-NEXT:   %matmul = taso.add %0, %1 : tensor<5x2xf32>
// B-NEXT:   func.return %matmul : tensor<5x2xf32>
func.func @factor_right_reversed(%a: tensor<5x4xf32>, %d: tensor<5x4xf32>, %b: tensor<4x2xf32>) -> tensor<5x2xf32> {
  %add = taso.add %a, %d : tensor<5x4xf32>
  %matmul = taso.matmul %add, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
  func.return %matmul : tensor<5x2xf32>
}

// B-LABEL: func.func @associate_reversed(
// B-NEXT:   %0 = taso.matmul %a, %b : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
// B-NEXT:   %matmul = taso.matmul %0, %c : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
// B-NEXT:   func.return %matmul : tensor<2x5xf32>
func.func @associate_reversed(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<4x5xf32>) -> tensor<2x5xf32> {
  %matmul = taso.matmul %b, %c : tensor<3x4xf32>, tensor<4x5xf32> -> tensor<3x5xf32>
  %matmul_1 = taso.matmul %a, %matmul : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
  func.return %matmul_1 : tensor<2x5xf32>
}

// B-LABEL: func.func @scale_into_right(
// B-NEXT:   %0 = taso.constant 2.0 : tensor<2x4xf32>
// B-NEXT:   %1 = taso.mul %b, %0 : tensor<2x4xf32>
// B-NEXT:   %mul = taso.matmul %a, %1 : tensor<3x2xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
// B-NEXT:   func.return %mul : tensor<3x4xf32>
func.func @scale_into_right(%a: tensor<3x2xf32>, %b: tensor<2x4xf32>) -> tensor<3x4xf32> {
  %matmul = taso.matmul %a, %b : tensor<3x2xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
  %splat = taso.constant 2.0 : tensor<3x4xf32>
  %mul = taso.mul %matmul, %splat : tensor<3x4xf32>
  func.return %mul : tensor<3x4xf32>
}

// B-LABEL: func.func @scale_out_of_left(
// B-NEXT:   %0 = taso.matmul %a, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
// B-NEXT:   %1 = taso.constant 0.5 : tensor<f32>
// B-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<5x2xf32>
// B-NEXT:   %matmul = taso.mul %0, %2 : tensor<5x2xf32>
// B-NEXT:   func.return %matmul : tensor<5x2xf32>
func.func @scale_out_of_left(%a: tensor<5x4xf32>, %b: tensor<4x2xf32>) -> tensor<5x2xf32> {
  %splat = taso.constant 0.5 : tensor<5x4xf32>
  %mul = taso.mul %a, %splat : tensor<5x4xf32>
  %matmul = taso.matmul %mul, %b : tensor<5x4xf32>, tensor<4x2xf32> -> tensor<5x2xf32>
  func.return %matmul : tensor<5x2xf32>
}

// B-LABEL: func.func @of_concat_columns_reversed(
// B-NEXT:   %0 = taso.concat %b, %c, axis = 1 : tensor<2x3xf32>, tensor<2x5xf32> -> tensor<2x8xf32>
// B-NEXT:   %concat = taso.matmul %x, %0 : tensor<5x2xf32>, tensor<2x8xf32> -> tensor<5x8xf32>
// B-NEXT:   func.return %concat : tensor<5x8xf32>
func.func @of_concat_columns_reversed(%x: tensor<5x2xf32>, %b: tensor<2x3xf32>, %c: tensor<2x5xf32>) -> tensor<5x8xf32> {
  %matmul = taso.matmul %x, %b : tensor<5x2xf32>, tensor<2x3xf32> -> tensor<5x3xf32>
  %matmul_1 = taso.matmul %x, %c : tensor<5x2xf32>, tensor<2x5xf32> -> tensor<5x5xf32>
  %concat = taso.concat %matmul, %matmul_1, axis = 1 : tensor<5x3xf32>, tensor<5x5xf32> -> tensor<5x8xf32>
  func.return %concat : tensor<5x8xf32>
}

// B-LABEL: func.func @of_concat_rows_reversed(
// B-NEXT:   %0 = taso.concat %x, %y, axis = 0 : tensor<3x2xf32>, tensor<5x2xf32> -> tensor<8x2xf32>
// B-NEXT:   %concat = taso.matmul %0, %b : tensor<8x2xf32>, tensor<2x4xf32> -> tensor<8x4xf32>
// B-NEXT:   func.return %concat : tensor<8x4xf32>
func.func @of_concat_rows_reversed(%x: tensor<3x2xf32>, %b: tensor<2x4xf32>, %y: tensor<5x2xf32>) -> tensor<8x4xf32> {
  %matmul = taso.matmul %x, %b : tensor<3x2xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
  %matmul_1 = taso.matmul %y, %b : tensor<5x2xf32>, tensor<2x4xf32> -> tensor<5x4xf32>
  %concat = taso.concat %matmul, %matmul_1, axis = 0 : tensor<3x4xf32>, tensor<5x4xf32> -> tensor<8x4xf32>
  func.return %concat : tensor<8x4xf32>
}

// C-LABEL: func.func @concat_inner(
// C-NEXT:   %0 = taso.concat %x, %y, axis = 1 : tensor<3x2xf32>, tensor<3x5xf32> -> tensor<3x7xf32>
// C-NEXT:   %1 = taso.concat %b, %c, axis = 0 : tensor<2x4xf32>, tensor<5x4xf32> -> tensor<7x4xf32>
// C-NEXT:   %add = taso.matmul %0, %1 : tensor<3x7xf32>, tensor<7x4xf32> -> tensor<3x4xf32>
// C-NEXT:   func.return %add : tensor<3x4xf32>
func.func @concat_inner(%x: tensor<3x2xf32>, %b: tensor<2x4xf32>, %y: tensor<3x5xf32>, %c: tensor<5x4xf32>) -> tensor<3x4xf32> {
  %matmul = taso.matmul %x, %b : tensor<3x2xf32>, tensor<2x4xf32> -> tensor<3x4xf32>
  %matmul_1 = taso.matmul %y, %c : tensor<3x5xf32>, tensor<5x4xf32> -> tensor<3x4xf32>
  %add = taso.add %matmul, %matmul_1 : tensor<3x4xf32>
  func.return %add : tensor<3x4xf32>
}

// C-LABEL: func.func @concat_weights(
// C-NEXT:   %0 = taso.concat %w0, %w1, %w2, axis = 1 : tensor<5x4xf32>, tensor<5x3xf32>, tensor<5x4xf32> -> tensor<5x11xf32>
// C-NEXT:   %1 = taso.matmul %x, %0 : tensor<2x3x5xf32>, tensor<5x11xf32> -> tensor<2x3x11xf32>
// C-NEXT:   %matmul, %matmul_1, %matmul_2 = taso.split %1, axis = 2, sizes = [4, 3, 4] : tensor<2x3x11xf32> -> tensor<2x3x4xf32>, tensor<2x3x3xf32>, tensor<2x3x4xf32>
// C-NEXT:   func.return %matmul, %matmul_1, %matmul_2 : tensor<2x3x4xf32>, tensor<2x3x3xf32>, tensor<2x3x4xf32>
func.func @concat_weights(%x: tensor<2x3x5xf32>, %w0: tensor<5x4xf32>, %w1: tensor<5x3xf32>, %w2: tensor<5x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3x3xf32>, tensor<2x3x4xf32>) {
  %matmul = taso.matmul %x, %w0 : tensor<2x3x5xf32>, tensor<5x4xf32> -> tensor<2x3x4xf32>
  %matmul_1 = taso.matmul %x, %w1 : tensor<2x3x5xf32>, tensor<5x3xf32> -> tensor<2x3x3xf32>
  %matmul_2 = taso.matmul %x, %w2 : tensor<2x3x5xf32>, tensor<5x4xf32> -> tensor<2x3x4xf32>
  func.return %matmul, %matmul_1, %matmul_2 : tensor<2x3x4xf32>, tensor<2x3x3xf32>, tensor<2x3x4xf32>
}

// C-LABEL: func.func @concat_weights_left(
// C-NEXT:   %0 = taso.concat %w0, %w1, %w2, axis = 0 : tensor<5x3xf32>, tensor<4x3xf32>, tensor<4x3xf32> -> tensor<13x3xf32>
// C-NEXT:   %1 = taso.matmul %0, %b : tensor<13x3xf32>, tensor<3x2xf32> -> tensor<13x2xf32>
// C-NEXT:   %matmul, %matmul_1, %matmul_2 = taso.split %1, axis = 0, sizes = [5, 4, 4] : tensor<13x2xf32> -> tensor<5x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
// C-NEXT:   func.return %matmul, %matmul_1, %matmul_2 : tensor<5x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
func.func @concat_weights_left(%w0: tensor<5x3xf32>, %b: tensor<3x2xf32>, %w1: tensor<4x3xf32>, %w2: tensor<4x3xf32>) -> (tensor<5x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>) {
  %matmul = taso.matmul %w0, %b : tensor<5x3xf32>, tensor<3x2xf32> -> tensor<5x2xf32>
  %matmul_1 = taso.matmul %w1, %b : tensor<4x3xf32>, tensor<3x2xf32> -> tensor<4x2xf32>
  %matmul_2 = taso.matmul %w2, %b : tensor<4x3xf32>, tensor<3x2xf32> -> tensor<4x2xf32>
  func.return %matmul, %matmul_1, %matmul_2 : tensor<5x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}

// C-LABEL: func.func @batch(
// C-NEXT:   %0 = taso.reshape %x0 : tensor<2x4xf32> -> tensor<1x2x4xf32>
// C-NEXT:   %1 = taso.reshape %x1 : tensor<2x4xf32> -> tensor<1x2x4xf32>
// C-NEXT:   %2 = taso.reshape %x2 : tensor<2x4xf32> -> tensor<1x2x4xf32>
// C-NEXT:   %3 = taso.concat %0, %1, %2, axis = 0 : tensor<1x2x4xf32>, tensor<1x2x4xf32>, tensor<1x2x4xf32> -> tensor<3x2x4xf32>
// C-NEXT:   %4 = taso.reshape %w0 : tensor<4x5xf32> -> tensor<1x4x5xf32>
// C-NEXT:   %5 = taso.reshape %w1 : tensor<4x5xf32> -> tensor<1x4x5xf32>
// C-NEXT:   %6 = taso.reshape %w2 : tensor<4x5xf32> -> tensor<1x4x5xf32>
// C-NEXT:   %7 = taso.concat %4, %5, %6, axis = 0 : tensor<1x4x5xf32>, tensor<1x4x5xf32>, tensor<1x4x5xf32> -> tensor<3x4x5xf32>
// C-NEXT:   %8 = taso.matmul %3, %7 : tensor<3x2x4xf32>, tensor<3x4x5xf32> -> tensor<3x2x5xf32>
// C-NEXT:   %9, %10, %11 = taso.split %8, axis = 0, sizes = [1, 1, 1] : tensor<3x2x5xf32> -> tensor<1x2x5xf32>, tensor<1x2x5xf32>, tensor<1x2x5xf32>
// C-NEXT:   %matmul = taso.reshape %9 : tensor<1x2x5xf32> -> tensor<2x5xf32>
// C-NEXT:   %matmul_1 = taso.reshape %10 : tensor<1x2x5xf32> -> tensor<2x5xf32>
// C-NEXT:   %matmul_2 = taso.reshape %11 : tensor<1x2x5xf32> -> tensor<2x5xf32>
// C-NEXT:   func.return %matmul, %matmul_1, %matmul_2 : tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>
func.func @batch(%x0: tensor<2x4xf32>, %w0: tensor<4x5xf32>, %x1: tensor<2x4xf32>, %w1: tensor<4x5xf32>, %x2: tensor<2x4xf32>, %w2: tensor<4x5xf32>) -> (tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>) {
  %matmul = taso.matmul %x0, %w0 : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
  %matmul_1 = taso.matmul %x1, %w1 : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
  %matmul_2 = taso.matmul %x2, %w2 : tensor<2x4xf32>, tensor<4x5xf32> -> tensor<2x5xf32>
  func.return %matmul, %matmul_1, %matmul_2 : tensor<2x5xf32>, tensor<2x5xf32>, tensor<2x5xf32>
}
