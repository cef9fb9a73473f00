// RUN: taso-opt %s -p 'taso-optimize{rules=elementwise-neg-neg rule-file="%S/Inputs/doubled.rules"}' | filecheck %s --check-prefix=FILE
// RUN: taso-opt %s -p taso-optimize{iterations=0} 2>&1 | filecheck %s --check-prefix=ZERO
// RUN: not taso-opt %s -p 'taso-optimize{rule-file="%S/Inputs/ill-typed.rules"}' 2>&1 | filecheck %s --check-prefix=TYPE

// FILE-LABEL: func.func @main
// FILE-NEXT:    %x = taso.exp %a
// FILE-NEXT:    %twice = taso.{{add|mul}} %x
// FILE-NEXT:    func.return %twice

// ZERO: warning: taso-optimize leaves @main as it is: a limit of the search is not positive
// ZERO: taso.neg
// ZERO: taso.neg

// TYPE: error: rule ill-typed: the right side has no type: (C2)
func.func @main(%a: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %x = taso.exp %a : tensor<3x5xf32>
  %m = taso.neg %x : tensor<3x5xf32>
  %n = taso.neg %m : tensor<3x5xf32>
  %twice = taso.add %n, %x : tensor<3x5xf32>
  func.return %twice : tensor<3x5xf32>
}
