// RUN: taso-opt %s -p 'taso-apply-rules{rules=einsum-transpose,einsum-reduce-sum,einsum-matmul,einsum-fuse-left,einsum-fuse-right,einsum-pair-0-1-of-4,einsum-pair-0-2-of-4,einsum-pair-0-3-of-4,einsum-pair-1-3-of-4,einsum-of-transpose-left,einsum-of-transpose-right,einsum-transposed}' | filecheck %s --check-prefix=A
// RUN: taso-opt %s -p 'taso-apply-rules{rules=einsum-pair-0-1-of-3,einsum-pair-1-2-of-4,einsum-pair-2-3-of-4}' | filecheck %s --check-prefix=B
// RUN: taso-opt %s -p 'taso-apply-rules{rules=einsum-pair-0-2-of-3,einsum-pair-1-2-of-3}' | filecheck %s --check-prefix=C

// Einsums as matmuls; nests fuse; longer ones contract by pairs.

// A-LABEL: func.func @transpose(
// A-NEXT:   %einsum = taso.transpose %x, perm = [2, 0, 1] : tensor<2x3x5xf32> -> tensor<5x2x3xf32>
// A-NEXT:   func.return %einsum : tensor<5x2x3xf32>
func.func @transpose(%x: tensor<2x3x5xf32>) -> tensor<5x2x3xf32> {
  %einsum = taso.einsum %x, equation = "abc->cab" : tensor<2x3x5xf32> -> tensor<5x2x3xf32>
  func.return %einsum : tensor<5x2x3xf32>
}

// A-LABEL: func.func @reduce_sum(
// A-NEXT:   %0 = taso.reduce_sum %x, axes = [0] : tensor<3x4x2xf32> -> tensor<4x2xf32>
// A-NEXT:   %einsum = taso.transpose %0, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
// A-NEXT:   func.return %einsum : tensor<2x4xf32>
func.func @reduce_sum(%x: tensor<3x4x2xf32>) -> tensor<2x4xf32> {
  %einsum = taso.einsum %x, equation = "abc->cb" : tensor<3x4x2xf32> -> tensor<2x4xf32>
  func.return %einsum : tensor<2x4xf32>
}

// A-LABEL: func.func @matmul(
// A-NEXT:   %0 = taso.transpose %x, perm = [2, 0, 1] : tensor<3x5x4xf32> -> tensor<4x3x5xf32>
// A-NEXT:   %1 = taso.transpose %y, perm = [0, 1] : tensor<5x2xf32> -> tensor<5x2xf32>
// A-NEXT:   %2 = taso.matmul %0, %1 : tensor<4x3x5xf32>, tensor<5x2xf32> -> tensor<4x3x2xf32>
// A-NEXT:   %einsum = taso.transpose %2, perm = [2, 0, 1] : tensor<4x3x2xf32> -> tensor<2x4x3xf32>
// A-NEXT:   func.return %einsum : tensor<2x4x3xf32>
func.func @matmul(%x: tensor<3x5x4xf32>, %y: tensor<5x2xf32>) -> tensor<2x4x3xf32> {
  %einsum = taso.einsum %x, %y, equation = "abc,bd->dca" : tensor<3x5x4xf32>, tensor<5x2xf32> -> tensor<2x4x3xf32>
  func.return %einsum : tensor<2x4x3xf32>
}

// A-LABEL: func.func @fuse_left(
// A-NEXT:   %einsum = taso.einsum %x, %y, %z, equation = "ab,ab,ca->a" : tensor<2x5xf32>, tensor<2x5xf32>, tensor<3x2xf32> -> tensor<2xf32>
// A-NEXT:   func.return %einsum : tensor<2xf32>
func.func @fuse_left(%x: tensor<2x5xf32>, %y: tensor<2x5xf32>, %z: tensor<3x2xf32>) -> tensor<2xf32> {
  %einsum = taso.einsum %x, %y, equation = "ab,ab->a" : tensor<2x5xf32>, tensor<2x5xf32> -> tensor<2xf32>
  %einsum_1 = taso.einsum %einsum, %z, equation = "a,ba->a" : tensor<2xf32>, tensor<3x2xf32> -> tensor<2xf32>
  func.return %einsum_1 : tensor<2xf32>
}

// A-LABEL: func.func @fuse_right(
// A-NEXT:   %einsum = taso.einsum %x, %y, %z, equation = "ab,ba,ab->ab" : tensor<4x5xf32>, tensor<5x4xf32>, tensor<4x5xf32> -> tensor<4x5xf32>
// A-NEXT:   func.return %einsum : tensor<4x5xf32>
func.func @fuse_right(%x: tensor<4x5xf32>, %y: tensor<5x4xf32>, %z: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %einsum = taso.einsum %y, %z, equation = "ab,ba->ab" : tensor<5x4xf32>, tensor<4x5xf32> -> tensor<5x4xf32>
  %einsum_1 = taso.einsum %x, %einsum, equation = "ab,ba->ab" : tensor<4x5xf32>, tensor<5x4xf32> -> tensor<4x5xf32>
  func.return %einsum_1 : tensor<4x5xf32>
}

// A-LABEL: func.func @pair_0_1_of_4(
// A-NEXT:   %0 = taso.einsum %x0, %x1, equation = "a,a->" : tensor<3xf32>, tensor<3xf32> -> tensor<f32>
// A-NEXT:   %einsum = taso.einsum %0, %x2, %x3, equation = ",ab,c->ca" : tensor<f32>, tensor<2x5xf32>, tensor<4xf32> -> tensor<4x2xf32>
// A-NEXT:   func.return %einsum : tensor<4x2xf32>
func.func @pair_0_1_of_4(%x0: tensor<3xf32>, %x1: tensor<3xf32>, %x2: tensor<2x5xf32>, %x3: tensor<4xf32>) -> tensor<4x2xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, %x3, equation = "a,a,bc,d->db" : tensor<3xf32>, tensor<3xf32>, tensor<2x5xf32>, tensor<4xf32> -> tensor<4x2xf32>
  func.return %einsum : tensor<4x2xf32>
}

// A-LABEL: func.func @pair_0_2_of_4(
// A-NEXT:   %0 = taso.einsum %x0, %x2, equation = "a,a->a" : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
// A-NEXT:   %einsum = taso.einsum %0, %x1, %x3, equation = "a,bc,c->a" : tensor<4xf32>, tensor<3x5xf32>, tensor<5xf32> -> tensor<4xf32>
// A-NEXT:   func.return %einsum : tensor<4xf32>
func.func @pair_0_2_of_4(%x0: tensor<4xf32>, %x1: tensor<3x5xf32>, %x2: tensor<4xf32>, %x3: tensor<5xf32>) -> tensor<4xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, %x3, equation = "a,bc,a,c->a" : tensor<4xf32>, tensor<3x5xf32>, tensor<4xf32>, tensor<5xf32> -> tensor<4xf32>
  func.return %einsum : tensor<4xf32>
}

// A-LABEL: func.func @pair_0_3_of_4(
// A-NEXT:   %0 = taso.einsum %x0, %x3, equation = "a,ba->a" : tensor<4xf32>, tensor<5x4xf32> -> tensor<4xf32>
// A-NEXT:   %einsum = taso.einsum %0, %x1, %x2, equation = "a,b,b->a" : tensor<4xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<4xf32>
// A-NEXT:   func.return %einsum : tensor<4xf32>
func.func @pair_0_3_of_4(%x0: tensor<4xf32>, %x1: tensor<3xf32>, %x2: tensor<3xf32>, %x3: tensor<5x4xf32>) -> tensor<4xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, %x3, equation = "a,b,b,ca->a" : tensor<4xf32>, tensor<3xf32>, tensor<3xf32>, tensor<5x4xf32> -> tensor<4xf32>
  func.return %einsum : tensor<4xf32>
}

// A-LABEL: func.func @pair_1_3_of_4(
// A-NEXT:   %0 = taso.einsum %x1, %x3, equation = "ab,b->ab" : tensor<4x5xf32>, tensor<5xf32> -> tensor<4x5xf32>
// A-NEXT:   %einsum = taso.einsum %0, %x0, %x2, equation = "ab,c,d->dab" : tensor<4x5xf32>, tensor<2xf32>, tensor<3xf32> -> tensor<3x4x5xf32>
// A-NEXT:   func.return %einsum : tensor<3x4x5xf32>
func.func @pair_1_3_of_4(%x0: tensor<2xf32>, %x1: tensor<4x5xf32>, %x2: tensor<3xf32>, %x3: tensor<5xf32>) -> tensor<3x4x5xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, %x3, equation = "a,bc,d,c->dbc" : tensor<2xf32>, tensor<4x5xf32>, tensor<3xf32>, tensor<5xf32> -> tensor<3x4x5xf32>
  func.return %einsum : tensor<3x4x5xf32>
}

// A-LABEL: func.func @of_transpose_left(
// A-NEXT:   %einsum = taso.einsum %x, %y, equation = "ab,cb->b" : tensor<4x5xf32>, tensor<3x5xf32> -> tensor<5xf32>
// A-NEXT:   func.return %einsum : tensor<5xf32>
func.func @of_transpose_left(%x: tensor<4x5xf32>, %y: tensor<3x5xf32>) -> tensor<5xf32> {
  %transpose = taso.transpose %x, perm = [1, 0] : tensor<4x5xf32> -> tensor<5x4xf32>
  %einsum = taso.einsum %transpose, %y, equation = "ab,ca->a" : tensor<5x4xf32>, tensor<3x5xf32> -> tensor<5xf32>
  func.return %einsum : tensor<5xf32>
}

// A-LABEL: func.func @of_transpose_right(
// A-NEXT:   %einsum = taso.einsum %x, %y, equation = "ab,ac->b" : tensor<3x5xf32>, tensor<3x5xf32> -> tensor<5xf32>
// A-NEXT:   func.return %einsum : tensor<5xf32>
func.func @of_transpose_right(%x: tensor<3x5xf32>, %y: tensor<3x5xf32>) -> tensor<5xf32> {
  %transpose = taso.transpose %y, perm = [1, 0] : tensor<3x5xf32> -> tensor<5x3xf32>
  %einsum = taso.einsum %x, %transpose, equation = "ab,ca->b" : tensor<3x5xf32>, tensor<5x3xf32> -> tensor<5xf32>
  func.return %einsum : tensor<5xf32>
}

// A-LABEL: func.func @transposed(
// A-NEXT:   %transpose = taso.einsum %x, %y, equation = "ab,ba->ba" : tensor<3x2xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
// A-NEXT:   func.return %transpose : tensor<2x3xf32>
func.func @transposed(%x: tensor<3x2xf32>, %y: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %einsum = taso.einsum %x, %y, equation = "ab,ba->ab" : tensor<3x2xf32>, tensor<2x3xf32> -> tensor<3x2xf32>
  %transpose = taso.transpose %einsum, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %transpose : tensor<2x3xf32>
}

// Two letters are contracted.
// A-LABEL: func.func @two_contracted_letters(
// A-NEXT:   %einsum = taso.einsum %x, %y, equation = "abc,bcd->ad" : tensor<2x3x4xf32>, tensor<3x4x5xf32> -> tensor<2x5xf32>
// A-NEXT:   func.return %einsum : tensor<2x5xf32>
func.func @two_contracted_letters(%x: tensor<2x3x4xf32>, %y: tensor<3x4x5xf32>) -> tensor<2x5xf32> {
  %einsum = taso.einsum %x, %y, equation = "abc,bcd->ad" : tensor<2x3x4xf32>, tensor<3x4x5xf32> -> tensor<2x5xf32>
  func.return %einsum : tensor<2x5xf32>
}

// B-LABEL: func.func @pair_0_1_of_3(
// B-NEXT:   %0 = taso.einsum %x0, %x1, equation = "ab,b->ab" : tensor<5x4xf32>, tensor<4xf32> -> tensor<5x4xf32>
// B-NEXT:   %einsum = taso.einsum %0, %x2, equation = "ab,ac->acb" : tensor<5x4xf32>, tensor<5x3xf32> -> tensor<5x3x4xf32>
// B-NEXT:   func.return %einsum : tensor<5x3x4xf32>
func.func @pair_0_1_of_3(%x0: tensor<5x4xf32>, %x1: tensor<4xf32>, %x2: tensor<5x3xf32>) -> tensor<5x3x4xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, equation = "ab,b,ac->acb" : tensor<5x4xf32>, tensor<4xf32>, tensor<5x3xf32> -> tensor<5x3x4xf32>
  func.return %einsum : tensor<5x3x4xf32>
}

// B-LABEL: func.func @pair_1_2_of_4(
// B-NEXT:   %0 = taso.einsum %x1, %x2, equation = "a,b->ab" : tensor<2xf32>, tensor<3xf32> -> tensor<2x3xf32>
// B-NEXT:   %einsum = taso.einsum %0, %x0, %x3, equation = "ab,cd,e->abd" : tensor<2x3xf32>, tensor<5x3xf32>, tensor<5xf32> -> tensor<2x3x3xf32>
// B-NEXT:   func.return %einsum : tensor<2x3x3xf32>
func.func @pair_1_2_of_4(%x0: tensor<5x3xf32>, %x1: tensor<2xf32>, %x2: tensor<3xf32>, %x3: tensor<5xf32>) -> tensor<2x3x3xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, %x3, equation = "ab,c,d,e->cdb" : tensor<5x3xf32>, tensor<2xf32>, tensor<3xf32>, tensor<5xf32> -> tensor<2x3x3xf32>
  func.return %einsum : tensor<2x3x3xf32>
}

// B-LABEL: func.func @pair_2_3_of_4(
// B-NEXT:   %0 = taso.einsum %x2, %x3, equation = "a,a->a" : tensor<4xf32>, tensor<4xf32> -> tensor<4xf32>
// B-NEXT:   %einsum = taso.einsum %0, %x0, %x1, equation = "a,b,bc->abc" : tensor<4xf32>, tensor<2xf32>, tensor<2x5xf32> -> tensor<4x2x5xf32>
// B-NEXT:   func.return %einsum : tensor<4x2x5xf32>
func.func @pair_2_3_of_4(%x0: tensor<2xf32>, %x1: tensor<2x5xf32>, %x2: tensor<4xf32>, %x3: tensor<4xf32>) -> tensor<4x2x5xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, %x3, equation = "a,ab,c,c->cab" : tensor<2xf32>, tensor<2x5xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<4x2x5xf32>
  func.return %einsum : tensor<4x2x5xf32>
}

// C-LABEL: func.func @pair_0_2_of_3(
// C-NEXT:   %0 = taso.einsum %x0, %x2, equation = "ab,ac->bc" : tensor<5x4xf32>, tensor<5x4xf32> -> tensor<4x4xf32>
// C-NEXT:   %einsum = taso.einsum %0, %x1, equation = "ab,a->ba" : tensor<4x4xf32>, tensor<4xf32> -> tensor<4x4xf32>
// C-NEXT:   func.return %einsum : tensor<4x4xf32>
func.func @pair_0_2_of_3(%x0: tensor<5x4xf32>, %x1: tensor<4xf32>, %x2: tensor<5x4xf32>) -> tensor<4x4xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, equation = "ab,b,ac->cb" : tensor<5x4xf32>, tensor<4xf32>, tensor<5x4xf32> -> tensor<4x4xf32>
  func.return %einsum : tensor<4x4xf32>
}

// C-LABEL: func.func @pair_1_2_of_3(
// C-NEXT:   %0 = taso.einsum %x1, %x2, equation = "ab,b->ab" : tensor<2x4xf32>, tensor<4xf32> -> tensor<2x4xf32>
// C-NEXT:   %einsum = taso.einsum %0, %x0, equation = "ab,ca->ab" : tensor<2x4xf32>, tensor<4x2xf32> -> tensor<2x4xf32>
// C-NEXT:   func.return %einsum : tensor<2x4xf32>
func.func @pair_1_2_of_3(%x0: tensor<4x2xf32>, %x1: tensor<2x4xf32>, %x2: tensor<4xf32>) -> tensor<2x4xf32> {
  %einsum = taso.einsum %x0, %x1, %x2, equation = "ab,bc,c->bc" : tensor<4x2xf32>, tensor<2x4xf32>, tensor<4xf32> -> tensor<2x4xf32>
  func.return %einsum : tensor<2x4xf32>
}
